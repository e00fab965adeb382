"""What a part of somebody's own lacks is refused by name, before anything is loaded or fitted."""

import pytest
from broken_parts import OnlyScores, WithoutBias, WithoutFoldIn
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from pages import ROOT

from recsys import InputError, SimulatedMarket
from recsys.experiments.config import Settings, settings_from
from recsys.experiments.run import run
from recsys.exporting.exportable import refuse_unexportable


def settings_with(part: str, target: str) -> Settings:
    """Settings in which a part is of another class, without settings of its own."""
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("config", ["model=popularity"], return_hydra_config=True)
    choices = dict(config.hydra.runtime.choices)
    OmegaConf.update(config, "names", {part: str(choices[part]) for part in config.names})
    plain = {key: config[key] for key in config if key != "hydra"}
    plain |= {part: {"_target_": target}, "allow": ["broken_parts"]}
    return settings_from(OmegaConf.create(plain))


def small(chosen: Settings) -> Settings:
    return Settings(**{**vars(chosen), "source": SimulatedMarket(events=1_000)})


def message(error: pytest.ExceptionInfo[InputError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


class TestALackingMemberIsRefusedBeforeTheRun:
    @pytest.mark.parametrize(
        ("part", "target", "lacking"),
        [
            ("model", "WithoutFit", "fit"),
            ("model", "WithoutScore", "score"),
            ("data", "SourceWithoutLoad", "load"),
            ("data", "SourceWithoutVersion", "version"),
            ("split", "SplitWithoutFirstCutoff", "first_cutoff"),
        ],
    )
    def test_by_its_name(self, part: str, target: str, lacking: str) -> None:
        with pytest.raises(InputError) as error:
            settings_with(part, f"broken_parts.{target}")
        assert str(error.value.key).split(".")[0] == part
        assert f"'{lacking}'" in message(error)

    def test_and_so_is_a_method_that_takes_other_arguments(self) -> None:
        with pytest.raises(InputError) as error:
            settings_with("model", "broken_parts.FitWithoutValidate")
        assert error.value.key == "model"
        assert "FitWithoutValidate.fit to take (data, validate), got (data)" in message(error)

    @pytest.mark.parametrize(
        ("model", "lacking"),
        [
            (OnlyScores(), ("'embeddings'", "'apply_filter'")),
            (WithoutFoldIn(), ("'fold_in'",)),
            (WithoutBias(), ("'history'", "'bias'")),
        ],
        ids=["only scores", "vectors", "filter"],
    )
    def test_of_a_model_to_be_exported_before_its_fit(
        self, model: OnlyScores, lacking: tuple[str, ...]
    ) -> None:
        with pytest.raises(InputError) as error:
            refuse_unexportable(model)
        for name in lacking:
            assert name in message(error)

    def test_of_a_model_for_several_processes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WORLD_SIZE", "2")
        with pytest.raises(InputError) as error:
            run(small(settings_with("model", "broken_parts.OnlyScores")))
        assert "torchrun" in message(error)


def test_a_model_may_keep_its_device_as_a_text() -> None:
    assert run(small(settings_with("model", "broken_parts.WithTextDevice"))).device == "cpu"
