"""`import ganbook` changes nothing for the process that imports it; the processes of the book do what they need."""

import subprocess
import sys

import pytest

# Everything that belongs to the process and not to ganbook, as text. What is loaded before is what a program has.
STATE = """
import locale, logging, multiprocessing, os, random, signal, sys, threading, warnings
import matplotlib, numpy, torch

def denormal():
    return (torch.tensor(1.5e-38) * torch.tensor(0.5)).item(), float(numpy.float32(1.5e-38) * numpy.float32(0.5))

def state():
    return {name: repr(value()) for name, value in {
        "denormals": denormal,
        "torch threads": lambda: (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch generator": lambda: torch.get_rng_state().tolist(),
        "torch dtype": torch.get_default_dtype,
        "torch device": lambda: torch.get_default_device() if hasattr(torch, "get_default_device") else None,
        "torch grad": torch.is_grad_enabled,
        "torch deterministic": lambda: (torch.are_deterministic_algorithms_enabled(),
                                        torch.is_deterministic_algorithms_warn_only_enabled()),
        "torch matmul": torch.get_float32_matmul_precision,
        "torch cudnn": lambda: (torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32,
                                torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.deterministic),
        "torch anomaly": torch.is_anomaly_enabled,
        "torch print": lambda: vars(torch._tensor_str.PRINT_OPTS),
        "numpy generator": numpy.random.get_state,
        "numpy errors": numpy.geterr,
        "numpy print": numpy.get_printoptions,
        "random": random.getstate,
        "warnings": lambda: warnings.filters,
        "showwarning": lambda: warnings.showwarning,
        "environment": lambda: dict(os.environ),
        "folder": os.getcwd,
        "path": lambda: sys.path,
        "recursion": sys.getrecursionlimit,
        "hooks": lambda: (sys.excepthook, sys.displayhook, threading.excepthook),
        "signals": lambda: [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
        "logging": lambda: (logging.root.level, logging.root.handlers),
        "locale": locale.getlocale,
        "processes": lambda: multiprocessing.get_start_method(allow_none=True),
        "threads": threading.active_count,
        "matplotlib": lambda: (matplotlib.get_backend(auto_select=False), dict(matplotlib.rcParams)),
    }.items()}
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", STATE + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_ganbook_leaves_the_process_as_it_was():
    code = "state()  # matplotlib chooses its backend when it is first asked\n"
    code += "before = state()\nimport ganbook\nafter = state()\n"
    assert run(code + "print(*[name.replace(' ', '_') for name in before if before[name] != after[name]])") == []


@pytest.mark.parametrize(
    "start",
    ["import ganbook.chapters.notebook", "from ganbook import cli; cli.main(['recipes', '--json'])"]
    + ["import tools.experiments.trials", "from ganbook.base import devices; devices.flush_denormals()"],
)
def test_processes_of_the_book_take_numbers_too_small_for_full_precision_as_0(start):
    *_, can, small = run(f"can = torch.set_flush_denormal(False)\n{start}\nprint()\nprint(can, denormal()[0])")
    if can == "False":
        pytest.skip("this processor cannot")
    assert small == "0.0"
