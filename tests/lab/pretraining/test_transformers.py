"""From a checkpoint to a style: a generator is trained on it, its pack names it, and every mismatch is refused."""

import pytest
from click.testing import CliRunner

import sdk
from sdk import errors
from sdk.compatibility import check_compatible
from sdk.packs import StylePack
from talkstyle_lab.commands.pretrain import pretrain
from tests.plugins.talkstyle_transformers.conftest import hubert, make_checkpoint, wav2vec2  # noqa: F401 fixtures

pytest.importorskip("transformers", reason="the extra 'transformers' is not installed")


@pytest.fixture(scope="module")
def trained(corpus, hubert, tmp_path_factory):  # noqa: F811 the fixtures
    """The generator, by name."""
    folder = tmp_path_factory.mktemp("trained")
    words = ["train", "--corpus", corpus, "--encoder", f"hubert,model={hubert}", "--out", folder, "--steps", 1]
    result = CliRunner().invoke(pretrain, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    return f"tcn,encoder=hubert,weights={folder / 'weights'}"


def test_a_style_is_learned_on_it_and_names_it(trained, hubert, make_checkpoint):  # noqa: F811
    adapter = sdk.StyleAdapter(encoder=f"hubert,model={hubert}", generator=trained, device="cpu")
    assert adapter.generator.features == adapter.encoder.width == 24
    fitted = {name: parameter.detach() + 1e-3 for name, parameter in adapter.generator.named_parameters()}
    pack = StylePack.create(name="x", base=adapter.generator, fitted=fitted, encoder=adapter.encoder)
    assert (pack.config.base.component, pack.config.encoder.component) == ("tcn", "hubert")
    assert pack.config.encoder.sha256 == adapter.encoder.fingerprint()
    check_compatible(adapter.generator, sdk.load("audio-encoder", f"hubert,model={hubert}"), pack)
    other = sdk.load("audio-encoder", f"hubert,model={make_checkpoint('hubert', seed=5)}")
    with pytest.raises(errors.PackIncompatible, match="encoder hubert"):
        check_compatible(adapter.generator, other, pack)


def test_another_checkpoint_is_refused(trained, make_checkpoint):  # noqa: F811
    other = f"hubert,model={make_checkpoint('hubert', seed=6)}"
    with pytest.raises(errors.ConfigError, match="'hubert' of other weights"):
        sdk.StyleAdapter(encoder=other, generator=trained, device="cpu")


def test_a_pair_that_was_never_trained_says_so(hubert):  # noqa: F811
    with pytest.raises(errors.ComponentMismatch, match="'tcn' was trained on the encoder 'mel', not on 'hubert'"):
        sdk.StyleAdapter(encoder=f"hubert,model={hubert}", device="cpu")
    with pytest.raises(errors.ModelFileMissing, match=r"no tcn ships.*pretrain train --encoder hubert"):
        sdk.StyleAdapter(encoder=f"hubert,model={hubert}", generator="tcn,encoder=hubert", device="cpu")
