"""Who may import whom: the contracts of pyproject.toml, read from the source by import-linter."""

import pytest
from importlinter.api import read_configuration
from importlinter.cli import lint_imports

from tests.support.paths import ROOT

CONFIGURATION = str(ROOT / "pyproject.toml")
CONTRACTS = [each["id"] for each in read_configuration(CONFIGURATION)["contracts_options"]]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_imports(contract, capsys):
    status = lint_imports(CONFIGURATION, (contract,), no_cache=True, no_logo=True)
    assert status == 0, capsys.readouterr().out
