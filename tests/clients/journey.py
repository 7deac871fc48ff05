"""A laboratory's first certificate, with a client that openapi-python-client made of the document.

`.ci/clients` makes the package `etalon_client`, has mypy read this file strictly, and runs it against
a registry (`served.py`). Every answer is read as the type that the document gives it.
"""

import datetime
import os
from typing import TypeVar, cast
from uuid import uuid4

from etalon_client import AuthenticatedClient, Client
from etalon_client.api.calibrations import create_calibration
from etalon_client.api.measurement_standards import (
    create_measurement_standard,
    get_measurement_standard,
    get_measurement_standard_traceability,
    list_measurement_standards,
)
from etalon_client.api.verifications import create_verification, get_verification
from etalon_client.models import (
    Calibration,
    CalibrationKind,
    CalibrationResult,
    Claim,
    CreateCalibrationResponse201,
    CreateMeasurementStandardResponse201,
    ListMeasurementStandardsResponse200,
    MeasurementStandard,
    Names,
    ProblemDetails,
    QuantityKindId,
    QuantityValue,
    RenderedReport,
    Uncertainty,
    UncertaintyKind,
    Verdict,
)
from etalon_client.types import UNSET

Answer = TypeVar("Answer")


def answered(kind: type[Answer], answer: object) -> Answer:
    """The answer as the type that it has to have."""
    assert isinstance(answer, kind), answer
    return answer


def certificate(laboratory: str, standard: str, number: str, unit: str) -> Calibration:
    """A certificate with one result, at 1 kg."""
    day = datetime.date(2026, 2, 10)
    result = CalibrationResult(
        id="r1",
        quantity_kind=QuantityKindId.CONVENTIONAL_MASS,
        point=QuantityValue(value="1", unit="kg"),
        value="1.0000003",
        unit=unit,
        uncertainty=Uncertainty(value="0.3", unit="mg", kind=UncertaintyKind.EXPANDED),
    )
    return Calibration(
        kind=CalibrationKind.CALIBRATION,
        issuer=laboratory,
        item=standard,
        number=number,
        performed_from=day,
        performed_to=day,
        results=[result],
    )


def main() -> None:
    url, laboratory = os.environ["ETALON_URL"], os.environ["ETALON_LABORATORY"]
    client = AuthenticatedClient(base_url=url, token=os.environ["ETALON_LABORATORY_TOKEN"])
    # Without a token: the generator takes every operation that may have one for one that has to.
    public = cast(AuthenticatedClient, Client(base_url=url))

    # A standard.
    body = MeasurementStandard(owner=laboratory, code="PY-1", names=Names(en="Weight, 1 kg"))
    made = answered(
        CreateMeasurementStandardResponse201,
        create_measurement_standard.sync(client=client, body=body),
    )
    assert made.warnings == [] and made.record.version == 1, made
    assert made.record.names == body.names, made
    standard = answered(str, made.record.id)
    listed = answered(
        ListMeasurementStandardsResponse200,
        list_measurement_standards.sync(client=client, owner=laboratory, limit=1),
    )
    assert [item.id for item in listed.items] == [standard], listed

    # Its certificate, sent twice: written once.
    body_of_certificate = certificate(laboratory, standard, "PY-26-001", "kg")
    key = str(uuid4())
    first, second = (
        answered(
            CreateCalibrationResponse201,
            create_calibration.sync(client=client, body=body_of_certificate, idempotency_key=key),
        )
        for _ in range(2)
    )
    assert first == second, (first, second)
    assert first.record.results == body_of_certificate.results, first
    assert isinstance(first.record.recorded_at, datetime.datetime), first

    # Nothing stands above the certificate: neither traceable nor refuted.
    claim = Claim(
        standard=standard,
        quantity_kind=QuantityKindId.CONVENTIONAL_MASS,
        point=QuantityValue(value="1", unit="kg"),
        used_on=datetime.date(2026, 3, 1),
    )
    report = answered(RenderedReport, create_verification.sync(client=client, body=claim))
    assert report.verdict in (Verdict.UNDETERMINED, Verdict.NOT_TRACEABLE), report.verdict
    assert report.claim.point == claim.point, report.claim
    assert report.findings and report.chain.links, report
    kept = answered(RenderedReport, get_verification.sync(answered(str, report.id), client=client))
    assert kept == report, (kept, report)

    # The same for the owner, who sees all, and for everybody, who sees what is public.
    day = datetime.date(2026, 3, 1)
    whole = answered(
        RenderedReport,
        get_measurement_standard_traceability.sync(standard, client=client, used_on=day),
    )
    assert whole.verdict == report.verdict and whole.redacted in (UNSET, False), whole
    assert len(answered(list, whole.parts)) == 1, whole
    redacted = answered(
        RenderedReport,
        get_measurement_standard_traceability.sync(standard, client=public, used_on=day),
    )
    assert redacted.redacted is True and redacted.verdict == whole.verdict, redacted

    # Refusals are problems, and say what is wrong and where.
    refused = create_calibration.sync_detailed(
        client=client, body=certificate(laboratory, standard, "PY-26-002", "kilogramme")
    )
    problem = answered(ProblemDetails, refused.parsed)
    assert (refused.status_code, problem.status, problem.code) == (422, 422, "invalid_body"), problem
    errors = answered(list, problem.errors)
    assert [error.pointer for error in errors] == ["/results/0/unit"], problem
    assert problem.type_ == f"{url}/problems/invalid_body", problem
    nothing = get_measurement_standard.sync(answered(str, first.record.id), client=client)
    assert answered(ProblemDetails, nothing).code == "unknown_record", nothing

    print(f"Python: {report.verdict} for {standard}; refused: {errors[0].detail}")


if __name__ == "__main__":
    main()
