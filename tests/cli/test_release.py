"""What a release is made of says the same everywhere, and a wheel in an environment of its own runs the demo."""

import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}


def read_yaml(*parts):
    return yaml.safe_load(ROOT.joinpath(*parts).read_text())


def test_the_version_is_the_same_everywhere():
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    assert newest == read_yaml("CITATION.cff")["version"] == PROJECT["version"]


def test_the_citation_names_authors_licence_date_and_the_paper():
    citation = read_yaml("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation["license"] == PROJECT["license"]
    assert isinstance(citation["date-released"], date)
    assert citation["authors"][0]["name"] == PROJECT["authors"][0]["name"]
    (paper,) = citation["references"]
    assert paper["title"].startswith("Dendritic Localized Learning")
    assert [author["family-names"] for author in paper["authors"]][::9] == ["Lv", "Huang"]


def test_tests_run_on_every_python_that_the_package_says_it_supports():
    tested = read_yaml(".github", "workflows", "tests.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    stated = [each.rsplit(" ", 1)[1] for each in PROJECT["classifiers"] if re.search(r"Python :: 3\.\d+$", each)]
    assert tested == stated
    assert all(version in SpecifierSet(PROJECT["requires-python"]) for version in tested)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_calls_only_what_there_is_and_may_only_read(path):
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
    for command in (step["run"] for step in steps if "run" in step):
        assert set(re.findall(r"\bmake ([\w-]+)", command)) <= targets
        assert all((ROOT / script).is_file() for script in re.findall(r"(?<!\S)\.ci/\S+", command))


def test_the_conda_recipe_has_the_requirements_of_the_package():
    recipe = (ROOT / ".conda" / "meta.yaml").read_text()
    run = re.search(r"\n  run:\n(.*?)\n\n", recipe, re.DOTALL)[1].split("\n")
    wanted = [f"python {PROJECT['requires-python']}"]
    for requirement in PROJECT["dependencies"]:
        name, bounds = re.fullmatch(r"([\w-]+)(.*)", requirement).groups()
        wanted.append(f"{CONDA_NAMES.get(name, name)} {bounds}")
    assert [line.strip().removeprefix("- ") for line in run] == wanted
    assert f"dendrosim = {PROJECT['scripts']['dendrosim']}" in recipe


def test_read_the_docs_installs_the_extra_that_there_is():
    settings = read_yaml(".readthedocs.yaml")
    (install,) = settings["python"]["install"]
    assert set(install["extra_requirements"]) <= set(PROJECT["optional-dependencies"])
    assert (ROOT / settings["sphinx"]["configuration"]).is_file()


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("w*.yml")), ids=lambda path: path.stem
)
def test_an_issue_form_has_a_name_and_fields_that_are_told_apart(form):
    content = read_yaml(form)
    assert content["name"]
    assert content["description"]
    identifiers = [field["id"] for field in content["body"]]
    assert len(identifiers) == len(set(identifiers)) > 0


def test_no_file_names_the_host_of_a_registry():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("this is no checkout of git")
    hosts = [f"{name}.org" for name in ("py" + "pi", "pythonho" + "sted", "anac" + "onda", "npm" + "js")]
    for name in tracked.stdout.splitlines():
        if Path(name).suffix in {".md", ".py", ".toml", ".yml", ".yaml", ".cff", ".html", ".js", ".ipynb", ""}:
            text = (ROOT / name).read_text(errors="ignore")
            assert not any(host in text for host in hosts), name


@pytest.mark.slow
def test_the_wheel_in_an_environment_of_its_own_runs_the_demo(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "fresh"], check=True)
    python = tmp_path / "fresh" / "bin" / "python"
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", wheel], capture_output=True, text=True, check=False
    )
    if "No matching distribution" in installed.stderr and "Connection" in installed.stderr:
        pytest.skip("no package index can be reached")
    assert installed.returncode == 0, installed.stderr
    (tmp_path / "elsewhere").mkdir()
    demo = subprocess.run(
        [python.with_name("dendrosim"), "demo"], cwd=tmp_path / "elsewhere", capture_output=True, text=True, check=False
    )
    assert demo.returncode == 0, demo.stderr
    assert "kolen-pollack" in demo.stdout
    assert (tmp_path / "elsewhere" / "demo" / "network.png").is_file()
