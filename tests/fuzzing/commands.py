"""The command line: options and files of every kind, as a shell would give them."""

from random import Random

from networks import parameters_of, small_model
from terminals import called

from dendrosim.errors import DendrosimError
from dendrosim.model.library import save_model
from fuzzing.judge import Judge
from fuzzing.mutations import NAMES

WORDS = [
    "",
    "-1",
    "0",
    "1",
    "nan",
    "1e400",
    "9" * 30,
    "x",
    "[/b]/run",
    "[red]",
    "model.toml",
    "bad.toml",
    "w.safetensors",
]
WORDS += ["nothing.nc", "..", ".", "/", "/dev/null", "--", "digits", "all", "dll", "hidden-1", *NAMES[:-1]]
# What ends in a moment: what trains or relaxes for long needs a file that is not there.
COMMANDS = {
    "train": [
        "--settings",
        "--rule",
        "--feedback",
        "--epochs",
        "--seed",
        "--device",
        "--dtype",
        "--threads",
        "--resume",
    ],
    "relax": ["--weights", "--target", "--presentations", "--time-limit", "--out"],
    "predict": ["--out", "--overwrite"],
    "evaluate": ["--data", "--split"],
    "view": ["--out", "--no-open", "--overwrite"],
    "animate": ["--out", "--presentation", "--layer", "--neuron", "--fps"],
    "spikes": ["--out", "--presentation", "--interval", "--overwrite"],
    "cell": ["--out", "--basal", "--apical", "--resistance", "--overwrite"],
    "export": ["--out", "--overwrite"],
    "data path": [],
    "data check": [],
    "data nothing": [],
    "audit": ["--json"],
    "--version": [],
    "doctor": ["--nothing"],
}


def run(judge: Judge, count: int, random: Random) -> None:
    """Try out `count` command lines."""
    model = small_model()
    save_model(model, judge.folder / "model.toml")
    parameters_of(model, 0).save(judge.folder / "w.safetensors", model)
    (judge.folder / "bad.toml").write_text("data = '[/b]\\u001b'")
    (judge.folder / "folder").mkdir()
    for _ in range(count):
        command = random.choice(list(COMMANDS))
        words = command.split() + ([random.choice([*WORDS, "model.toml"])] if random.random() < 0.9 else [])
        for _ in range(random.randrange(3)):
            if COMMANDS[command]:
                words += [random.choice(COMMANDS[command])] + [random.choice(WORDS)] * (random.random() < 0.9)
        if command == "train":
            words += ["--resume"]  # of nothing
        if command == "audit":
            words += ["nothing"]
        encoding = random.choice(["utf-8", "ascii", "latin-1"])
        judge.try_out(f"{words} {encoding}", lambda w=words, e=encoding: tried(w, e))


def tried(words: list[str], encoding: str) -> None:
    """Run the command line in this process, and look at how it ended and what it wrote."""
    if any("\0" in word for word in words):
        return  # no shell passes them
    status, out, err = called(words, encoding)
    said = out + err
    assert "Traceback" not in said, said
    assert "\x1b" not in said, said
    if status:
        assert said.strip(), "it failed without a word"
        raise DendrosimError(err.strip().splitlines()[-1] if err.strip() else "")
