import csv
import math
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

from playground import NetworkSpec, ProblemError, run_network, sweep
from playground.models.job import CancelledError, Job
from playground.models.network.sweep.each import run_in_processes, run_in_turn, run_on
from playground.models.network.sweep.sweep import measure_row
from playground.models.network.sweep.table import MEASURED, SETTINGS

SMALL = NetworkSpec(width=12, batch=6, depth=3, activation="relu", init="kaiming_normal")
GRID = {"gain": [0.5, 1.0], "depth": [2, 4], "seed": range(3)}


def test_a_grid_runs_every_combination_in_order():
    table = sweep(SMALL, **GRID)
    wanted = [(gain, depth, seed) for gain in (0.5, 1.0) for depth in (2, 4) for seed in range(3)]
    assert [(row["gain"], row["depth"], row["seed"]) for row in table] == wanted
    assert table.varied == ("depth", "gain", "seed")
    for row in table:
        result = run_network(row.spec)
        assert row["last_rms"] == pytest.approx(result.layers[-1].activation.rms)
        assert row["first_gradient"] == pytest.approx(result.layers[0].activation_gradient.rms)
        assert row["loss_value"] == pytest.approx(result.loss)
        assert row["dead"] == pytest.approx(result.layers[-1].dead_fraction)


def test_a_list_of_networks_keeps_its_order_and_the_grid_multiplies_it():
    table = sweep([SMALL, replace(SMALL, activation="tanh")], depth=[5, 2])
    assert [(row["activation"], row["depth"]) for row in table] == [("relu", 5), ("relu", 2), ("tanh", 5), ("tanh", 2)]


@pytest.mark.parametrize("make", [ThreadPoolExecutor, partial(ProcessPoolExecutor, mp_context=get_context("spawn"))])
def test_any_executor_gives_the_same_rows(make):
    here = sweep([SMALL], seed=range(4))
    with make(2) as executor:
        there = sweep(SMALL, executor, seed=range(4))
    assert [dict(row) for row in there] == [dict(row) for row in here]


def test_each_row_is_told_as_it_is_finished():
    seen = []
    table = sweep(SMALL, on_result=seen.append, seed=range(4))
    assert sorted(row["seed"] for row in seen) == list(range(4))
    assert [row["seed"] for row in table] == list(range(4))


def test_a_network_that_cannot_run_has_a_row_that_says_why():
    table = sweep(SMALL, depth=[2, 0])
    assert table[0]["problem"] == ""
    assert table[1]["problem"] == "The depth is 0, but must be from 1 to 500."
    assert math.isnan(table[1]["last_rms"])
    assert "The depth is 0" in repr(table)


def test_an_unknown_setting_is_refused():
    with pytest.raises(ProblemError, match="no setting 'gian'"):
        sweep(SMALL, gian=[1.0])


def test_a_cancelled_job_stops_it():
    told = []
    job = Job(is_cancelled=lambda: len(told) >= 2, report=lambda *said: told.append(said))
    with pytest.raises(CancelledError):
        sweep(SMALL, job=job, seed=range(4))
    assert len(told) == 2


def _ends_the_first_time(spec, folder):
    """Run a network; the first process that gets seed 1 dies of it."""
    mark = folder / "died"
    if spec.seed == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_row(spec)


def _always_ends(spec, here):
    if os.getpid() != here:
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_row(spec)


SEEDS = [replace(SMALL, seed=seed) for seed in range(5)]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are killed otherwise here")
@pytest.mark.parametrize("own", [True, False], ids=["own pool", "given pool"])
def test_a_worker_that_dies_loses_nothing(tmp_path, own):
    unit = partial(_ends_the_first_time, folder=tmp_path)
    if own:
        found = dict(run_in_processes(SEEDS, unit, Job()))
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            found = dict(run_on(pool, SEEDS, unit, Job()))
    assert (tmp_path / "died").exists()
    assert found == dict(run_in_turn(SEEDS, measure_row, Job()))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are killed otherwise here")
def test_what_kills_every_worker_runs_here():
    found = dict(run_in_processes(SEEDS[:1], partial(_always_ends, here=os.getpid()), Job()))
    assert found == {0: measure_row(SEEDS[0])}


def test_the_table_reads_back_from_csv_and_numpy(tmp_path):
    table = sweep(SMALL, gain=[1 / 3, 1.0])
    table.save_csv(tmp_path / "table.csv")
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [*SETTINGS, *MEASURED]
    array = table.to_numpy()
    for row, read, record in zip(table, rows, array, strict=True):
        for name in row:
            assert type(row[name])(read[name]) == row[name] == record[name]
    assert array["gain"].dtype == np.float64
    assert array["depth"].dtype.kind == "i"


def test_a_long_table_shows_its_beginning_and_says_how_many_there_are():
    with ThreadPoolExecutor(1) as executor:
        table = sweep([SMALL] * 4, executor, seed=range(5))
    shown = repr(table).splitlines()
    assert len(shown) == 14
    assert shown[0].split() == ["seed", "loss_value", "last_rms", "first_gradient", "verdict"]
    assert shown[-1] == "and 8 more of 20 rows"
    assert table._repr_html_().count("<tr>") == 13


SCRIPT = """
import playground
print(len(playground.sweep(playground.NetworkSpec(width=4, batch=2, depth=2), seed=range(6))))
"""


def test_a_script_without_a_main_guard_is_not_run_again(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=300, check=False)
    assert (done.stdout, done.stderr) == ("6\n", "")


ON_A_CLUSTER = """
import os, signal, sys
from functools import partial
from pathlib import Path
from distributed import Client, LocalCluster
from playground import NetworkSpec, sweep
from playground.models.job import Job
from playground.models.network.sweep.each import run_on
from playground.models.network.sweep.sweep import measure_row

def ends_the_first_time(spec, folder):
    mark = Path(folder) / "died"
    if spec.seed == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_row(spec)

if __name__ == "__main__":
    small, folder = NetworkSpec(width=12, batch=6, depth=3, activation="relu"), sys.argv[1]
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": folder}
    with LocalCluster(**settings) as cluster, Client(cluster) as client, client.get_executor() as executor:
        here = sweep([small], seed=range(4))
        assert [dict(row) for row in sweep(small, executor, seed=range(4))] == [dict(row) for row in here]
        specs = [row.spec for row in here]
        found = dict(run_on(executor, specs, partial(ends_the_first_time, folder=folder), Job()))
        assert (Path(folder) / "died").exists()
        assert [found[place] for place in range(4)] == here
    print("the same")
"""


def test_a_cluster_gives_the_same_rows_and_a_dead_worker_costs_nothing(tmp_path):
    pytest.importorskip("distributed", reason="dask.distributed is not installed")
    file = tmp_path / "script.py"
    file.write_text(ON_A_CLUSTER)
    arguments = [sys.executable, str(file), str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "the same\n", done.stderr
