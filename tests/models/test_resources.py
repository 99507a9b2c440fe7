from playground.models.resources import resource_path


def test_what_ships_is_found():
    assert resource_path("fonts", "Inter-Regular.otf").is_file()
    assert resource_path("icons").is_dir()
    assert resource_path("data", "digits.safetensors").is_file()
