"""A registry of its own, served for as long as a command runs.

    python3 tests/clients/served.py [--country BUNDLE] COMMAND [ARGUMENT ...]

Starts `etalon serve` on an empty database in a temporary directory, sets it up as a first operator
does, and gives everybody a key. The command finds in its environment ETALON_URL, a token for each of
WHO below (ETALON_LABORATORY_TOKEN and so on), ETALON_LABORATORY (the laboratory's id) and
ETALON_UNUSED_KEY (the id of a key that can be revoked). With --country the records of that bundle
are imported before, and the laboratory is the first that they have, as are the others.

The exit status is the command's; that the service does not end well when it is told to is an error.
Nothing but the standard library is needed.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

# Long for a server that has nothing to do; it only keeps a fault from hanging the checks.
SECONDS_TO_STOP = 60


# Whoever gets a token: the kind of their organisation, and their roles in it.
WHO = {
    "laboratory": ("calibration_laboratory", ["submitter", "signatory"]),
    "administrator": ("calibration_laboratory", ["administrator"]),
    "institute": ("nmi", ["institute", "submitter", "signatory"]),
    "accreditation_body": ("accreditation_body", ["accreditation_body"]),
    "authority": ("authority", ["authority"]),
}


def program() -> str:
    target = os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[2] / "target")
    return str(Path(target) / "debug" / "etalon")


def sent(url: str, body: dict[str, Any], token: str | None = None) -> dict[str, Any]:
    """What the registry answers to a JSON body; anything but success ends the program."""
    request = urllib.request.Request(url, json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def token(url: str, key: str) -> str:
    form = {"grant_type": "client_credentials", "client_secret": key}
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{url}/api/v1/auth/token", data) as answer:
        return json.load(answer)["access_token"]


def organisation(url: str, kind: str, operator: str) -> str:
    """The id of the first organisation of a kind, of a new one where there is none."""
    first = f"{url}/api/v1/organisations?kind={kind}&limit=1"
    with urllib.request.urlopen(first) as answer:
        items = json.load(answer)["items"]
    if items:
        return items[0]["id"]
    body = {"kind": kind, "names": {"en": kind}, "country": "VN"}
    return sent(f"{url}/api/v1/organisations", body, operator)["record"]["id"]


def prepared(url: str, setup_key: str) -> dict[str, str]:
    """Sets the registry up; gives what the command is told."""
    institute = {"kind": "nmi", "names": {"en": "Institute"}, "country": "VN"}
    setup = {"setup_key": setup_key, "organisation": institute}
    operator = token(url, sent(f"{url}/api/v1/setup", setup)["secret"])
    told = {"ETALON_URL": url, "ETALON_OPERATOR_TOKEN": operator}
    for who, (kind, roles) in WHO.items():
        own = organisation(url, kind, operator)
        request = {"name": who, "organisation": own, "roles": roles}
        key, unused = (sent(f"{url}/api/v1/api_keys", request, operator) for _ in range(2))
        told[f"ETALON_{who.upper()}_TOKEN"] = token(url, key["secret"])
        if who == "laboratory":
            told |= {"ETALON_LABORATORY": own, "ETALON_UNUSED_KEY": unused["key"]["id"]}
    return told


def main(arguments: list[str]) -> int:
    country = None
    if arguments[:1] == ["--country"]:
        country, arguments = arguments[1], arguments[2:]
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 64
    etalon = program()
    # The settings of whoever runs this are not ours.
    own = {name: value for name, value in os.environ.items() if not name.startswith("ETALON_")}
    own.pop("DATABASE_URL", None)
    # What is checked here is what it answers, as fast as it can be asked; how often it may be asked is
    # a matter of tests/http/limits.rs.
    for rate in ("PRINCIPAL", "ADDRESS", "CHECKS", "FAILURES"):
        own[f"ETALON_RATE_{rate}"] = "0"
    own["ETALON_METRICS"] = "on"
    with tempfile.TemporaryDirectory(prefix="etalon-served.") as directory:
        data = f"{directory}/data"
        if country is not None:
            command = [etalon, "import", "--historical", country, "--data-dir", data]
            subprocess.run(command, check=True, env=own, stdout=subprocess.DEVNULL)
        key_file, log = Path(directory, "setup-key"), Path(directory, "log")
        command = [etalon, "serve", "--json", "--listen", "127.0.0.1:0", "--data-dir", data]
        command += ["--setup-key-file", str(key_file)]
        with log.open("wb") as stderr:
            server = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=stderr)
        try:
            assert server.stdout is not None
            # A server that cannot start ends, and there is no line.
            line = server.stdout.readline()
            if not line:
                print(f"etalon serve does not start:\n{log.read_text()}", file=sys.stderr)
                return 1
            told = prepared(json.loads(line)["listening"], key_file.read_text().strip())
            status = subprocess.run(arguments, env={**os.environ, **told}).returncode
        finally:
            server.send_signal(signal.SIGTERM)
            ended = server.wait(SECONDS_TO_STOP)
        if ended != 0 or status != 0:
            print(f"the last lines of the server's log:\n{log.read_text()[-4000:]}", file=sys.stderr)
        if ended != 0:
            print(f"etalon serve ended with exit status {ended}", file=sys.stderr)
            return 1
        return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
