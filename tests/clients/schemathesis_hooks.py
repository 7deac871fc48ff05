"""What schemathesis takes for a failure and is none here, where its configuration cannot say so."""

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure

# The header that it adds where it sends one that the document does not name.
UNKNOWN = "x-schemathesis-unknown-property"


# A header that nobody asked for is no fault of a request: proxies add them, and who does not know it
# ignores it (RFC 9110, 5.1).
@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext,
    failure: Failure,
    case: schemathesis.Case,
    response: schemathesis.Response,
) -> bool:
    return not (isinstance(failure, AcceptedNegativeData) and UNKNOWN in case.headers)
