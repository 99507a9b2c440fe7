import io

import pytest

from playground.app.start import WIDTH, terminal_progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_it_writes_one_line_over_itself_and_wipes_it():
    terminal = Terminal()
    with terminal_progress("Watching", terminal, patience=0) as job:
        while "43%" not in terminal.getvalue():
            job.report(0.43, "h.3.up")
    assert "\rWatching: 43%, h.3.up" in terminal.getvalue()
    assert "\n" not in terminal.getvalue()
    assert terminal.getvalue().endswith(f"\r{' ' * WIDTH}\r")


def interrupted(out, patience):
    with terminal_progress("Watching", out, patience) as job:
        for step in range(1000):
            job.report(step / 1000, "layer")
        raise KeyboardInterrupt


@pytest.mark.parametrize(("kind", "patience"), [(io.StringIO, 0), (Terminal, 1e9)])
def test_a_file_and_a_short_run_get_no_word(kind, patience):
    out = kind()
    with pytest.raises(KeyboardInterrupt):
        interrupted(out, patience)
    assert out.getvalue() == ""
