"""The error tree: each error is explained, matches the built-in that callers expect, and crosses processes whole."""

import builtins
import copy
import errno
import pickle

import pytest

from sdk import errors

ALL = [getattr(errors, name) for name in errors.__all__]
BUILTIN = {
    "InputError": ValueError,
    "MediaNotFound": FileNotFoundError,
    "ConfigError": ValueError,
    "OutputError": OSError,
    "ComponentNotFound": LookupError,
    "ComponentAmbiguous": LookupError,
    "ComponentUnavailable": ImportError,
    "ModelFileMissing": OSError,
    "StyleNotFound": LookupError,
    "PackInvalid": ValueError,
    "PackIncompatible": ValueError,  # by ComponentMismatch
    "HubError": OSError,
    "CheckpointError": ValueError,
    "DeviceError": RuntimeError,
    "ProcessForked": RuntimeError,
    "LiveError": RuntimeError,
}


def test_each_has_a_code_of_its_own():
    assert len({c.code for c in ALL}) == len(ALL)
    assert all(issubclass(c, errors.SdkError) or c is errors.Cancelled for c in ALL)
    codes = {c.__name__: c.code for c in ALL}
    assert (codes["SdkError"], codes["FaceNotFound"], codes["HubError"]) == ("sdk", "face-not-found", "hub")


def test_an_error_of_a_plugin_keeps_its_parents_code():
    class TooDark(errors.FaceError):
        pass

    assert TooDark.code == "face"


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "it went wrong"),
        ({"where": "a.wav"}, "it went wrong (a.wav)"),
        ({"where": "a.wav", "hint": "Try b."}, "it went wrong (a.wav). Try b."),
    ],
)
def test_every_error_is_explained_and_crosses_processes_whole(cls, given, text):
    error = cls("it went wrong", **given)
    for found in (error, pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(found) is cls
        assert str(found) == text
        assert (found.what, found.where, found.hint) == ("it went wrong", given.get("where"), given.get("hint"))
        assert found.args == error.args == ("it went wrong", given.get("where"), given.get("hint"))
        assert found.code == cls.code


@pytest.mark.parametrize("cls", ALL)
def test_what_an_error_knows_besides_crosses_processes_too(cls):
    error = cls("it went wrong")
    error.add_note("noted")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["noted"]


def test_the_boxes_of_an_ambiguous_face_cross_processes():
    error = errors.FaceAmbiguous("two faces", boxes=((0, 0, 1, 1),), where="frame 3", hint="Choose one.")
    back = pickle.loads(pickle.dumps(error))
    assert (str(back), back.boxes) == ("two faces (frame 3). Choose one.", ((0, 0, 1, 1),))


class TooDark(errors.OutputError):
    """An error of a plugin, with arguments of its own."""

    def __init__(self, level, *, lamps):
        super().__init__(f"a level of {level}", where="a.png", hint="Light it.")
        self.lamps = lamps


def test_an_error_with_arguments_of_its_own_crosses_processes():
    error = TooDark(3, lamps=2)
    for back in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(back) is TooDark
        assert (str(back), back.lamps, back.filename) == ("a level of 3 (a.png). Light it.", 2, "a.png")


@pytest.mark.parametrize(("name", "builtin"), BUILTIN.items())
def test_errors_are_what_python_would_raise(name, builtin):
    with pytest.raises(builtin, match="it went wrong"):
        raise getattr(errors, name)("it went wrong")


def test_only_those_are_more_than_an_exception():
    beyond = {c.__name__: [b for b in c.__bases__ if b.__name__ in vars(builtins) and b is not Exception] for c in ALL}
    assert {name for name, found in beyond.items() if found} == BUILTIN.keys() - {"ConfigError", "PackIncompatible"}


def test_a_missing_file_has_what_an_os_error_has():
    error = pickle.loads(pickle.dumps(errors.MediaNotFound("there is no such file", where="a.wav")))
    assert (error.errno, error.strerror, error.filename) == (errno.ENOENT, "there is no such file", "a.wav")
    assert errors.OutputError("it is full", where="a.mp4").filename == "a.mp4"
    assert errors.OutputError("it is full").errno is None


def test_cancelling_is_no_failure():
    assert not issubclass(errors.Cancelled, errors.SdkError)
    assert errors.Cancelled.__bases__[0].__bases__ == (Exception,)
