from recsys.experiments.tuning.nested import changed, flat

MODEL = {
    "_target_": "m",
    "dim": 64,
    "actions": {"view": 1},
    "objective": {"_target_": "o", "temperature": 0.1, "popularity": 0.5},
}


def test_parts_are_named_by_dots_and_mappings_stay_values() -> None:
    assert flat(MODEL) == {
        "_target_": "m",
        "dim": 64,
        "actions": {"view": 1},
        "objective._target_": "o",
        "objective.temperature": 0.1,
        "objective.popularity": 0.5,
    }


def test_changed_is_a_copy_with_the_settings() -> None:
    found = changed(MODEL, {"dim": 8, "objective.temperature": 0.2})
    assert found["dim"] == 8
    assert found["objective"] == {"_target_": "o", "temperature": 0.2, "popularity": 0.5}
    assert MODEL["dim"] == 64
    assert MODEL["objective"]["temperature"] == 0.1
    assert changed(MODEL, flat(MODEL)) == MODEL
