from sdk.packs.card import card
from sdk.packs.config import Provenance, Training


def measured():
    return Training(
        seconds=10,
        steps=100,
        seed=3,
        references=(
            Provenance(kind="clip", length=10, sha256="a" * 64),
            Provenance(kind="images", length=7, sha256="b" * 64),
        ),
        held_out=(360, 600),
        before={"opening r": 0.406, "alone": 1.0},
        after={"opening r": 0.574},
        baselines={"mean shift": {"opening r": 0.412}},
        null={"opening r": 0.27},
    )


def test_it_says_what_must_be_known(make_pack):
    pack = make_pack(name="rap", summary="Quick, wide, hard stops.", training=measured())
    text = card(pack.config, location="me/rap")
    assert text.startswith("---\nlibrary_name: talkstyle\n")
    assert "\nlicense: cc-by-4.0\n" in text
    assert "# rap" in text
    assert "Quick, wide, hard stops." in text
    assert 'style="me/rap"' in text
    assert "- Licence: CC-BY-4.0" in text
    assert "- Consent: my own face" in text
    assert "| opening r | 0.406 | 0.574 | 0.412 | 0.27 |" in text
    assert "clip of 10 s, 7 images" in text
    assert "frames 360 to 600" in text
    assert pack.config.delta.sha256 in text
    assert card(pack.config, location="me/rap") == text


def test_what_is_not_known_is_said(make_pack):
    text = card(make_pack(license=None, consent=None).config)
    assert "Licence: not stated" in text
    assert "license:" not in text.split("---")[1]
    unmeasured = Training(seconds=3, steps=1, seed=0)
    assert "was not measured" in card(make_pack(training=unmeasured).config)


def test_a_packs_own_words_bring_no_markup(make_pack):
    text = card(
        make_pack(
            name="[x](y)",
            summary="<script>1</script>\n# no heading\n![i](http://evil/x.png)\n---\n| a |",
            consent="`code` *bold*",
        ).config
    )
    assert "<script>" not in text
    assert "\n# no heading" not in text
    assert "![i](" not in text
    assert "http://" not in text
    assert r"\`code\` \*bold\*" in text
    assert text.count("\n---\n") == 1
