/**
 * A laboratory's first certificate, with the types that openapi-typescript made of the document and
 * the client openapi-fetch. The same as `journey.py`.
 *
 * `.ci/clients` makes `api.ts`, has tsc read this file strictly, and runs it against a registry
 * (`served.py`).
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { env } from "node:process";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Certificate = components["schemas"]["Calibration"];
type Problem = components["schemas"]["ProblemDetails"];
type Verdict = components["schemas"]["Verdict"];

function told(name: string): string {
  const value = env[name];
  assert(value !== undefined, `${name} is not set: run by .ci/clients`);
  return value;
}

/** What was answered, where it is no problem. */
function answered<Data>(answer: { data?: Data; error?: Problem }): Data {
  assert(answer.data !== undefined, JSON.stringify(answer.error));
  return answer.data;
}

/** What was refused. */
function refused(answer: { error?: Problem }): Problem {
  assert(answer.error !== undefined, "it was not refused");
  return answer.error;
}

/** What the document says may be left out, and is there. */
function given<Value>(value: Value | undefined): Value {
  assert(value !== undefined);
  return value;
}

/** A certificate with one result, at 1 kg. */
function certificate(issuer: string, item: string, number: string, unit: string): Certificate {
  return {
    kind: "calibration",
    issuer,
    item,
    number,
    performed_from: "2026-02-10",
    performed_to: "2026-02-10",
    results: [
      {
        id: "r1",
        quantity_kind: "conventional_mass",
        point: { value: "1", unit: "kg" },
        value: "1.0000003",
        unit,
        uncertainty: { value: "0.3", unit: "mg", kind: "expanded" },
      },
    ],
  };
}

const baseUrl = told("ETALON_URL");
const laboratory = told("ETALON_LABORATORY");
const authorization = `Bearer ${told("ETALON_LABORATORY_TOKEN")}`;
/** Of the forms that lists have, this reads pages; `application/x-ndjson` is the other. */
type Read = "application/json" | "application/problem+json";
const headers = { Authorization: authorization };
const client = createClient<paths, Read>({ baseUrl, headers });
const open = createClient<paths, Read>({ baseUrl });

// A standard.
const names = { en: "Weight, 1 kg" };
const made = answered(
  await client.POST("/api/v1/measurement_standards", {
    body: { owner: laboratory, code: "TS-1", names },
  }),
);
assert.deepEqual(made.warnings, []);
assert.equal(made.record.version, 1);
assert.deepEqual(made.record.names, names);
const standard = given(made.record.id);
const listed = answered(
  await client.GET("/api/v1/measurement_standards", {
    params: { query: { owner: laboratory, q: "TS-1", limit: 1 } },
  }),
);
assert.deepEqual(
  listed.items.map((item) => item.id),
  [standard],
);

// Its certificate, sent twice: written once.
const body = certificate(laboratory, standard, "TS-26-001", "kg");
const header = { "Idempotency-Key": randomUUID() };
const sent = () => client.POST("/api/v1/calibrations", { params: { header }, body });
const first = await sent();
const second = await sent();
assert.deepEqual(answered(second), answered(first));
assert.equal(first.response.headers.get("Idempotent-Replayed"), null);
assert.equal(second.response.headers.get("Idempotent-Replayed"), "true");
const calibration = answered(first).record;
assert.deepEqual(calibration.results, body.results);

// Nothing stands above the certificate: neither traceable nor refuted.
const point = { value: "1", unit: "kg" };
const report = answered(
  await client.POST("/api/v1/verifications", {
    body: { standard, quantity_kind: "conventional_mass", point, used_on: "2026-03-01" },
  }),
);
const possible: Verdict[] = ["undetermined", "not_traceable"];
assert(possible.includes(report.verdict), report.verdict);
assert.deepEqual(report.claim.point, point);
assert(report.findings.length > 0 && report.chain.links.length > 0);
const kept = answered(
  await client.GET("/api/v1/verifications/{id}", { params: { path: { id: given(report.id) } } }),
);
assert.deepEqual(kept, report);

// The same for the owner, who sees all, and for everybody, who sees what is public.
const of_standard = { path: { id: standard }, query: { used_on: "2026-03-01" } };
const traceability = "/api/v1/measurement_standards/{id}/traceability";
const whole = answered(await client.GET(traceability, { params: of_standard }));
assert.equal(whole.verdict, report.verdict);
assert.notEqual(whole.redacted, true);
assert.equal(given(whole.parts).length, 1);
const redacted = answered(await open.GET(traceability, { params: of_standard }));
assert.equal(redacted.redacted, true);
assert.equal(redacted.verdict, whole.verdict);

// Refusals are problems, and say what is wrong and where.
const wrong = await client.POST("/api/v1/calibrations", {
  body: certificate(laboratory, standard, "TS-26-002", "kilogramme"),
});
const problem = refused(wrong);
assert.deepEqual([wrong.response.status, problem.status, problem.code], [422, 422, "invalid_body"]);
const errors = given(problem.errors);
assert.deepEqual(
  errors.map((error) => error.pointer),
  ["/results/0/unit"],
);
assert.equal(problem.type, `${baseUrl}/problems/invalid_body`);
const nothing = await client.GET("/api/v1/measurement_standards/{id}", {
  params: { path: { id: given(calibration.id) } },
});
assert.equal(refused(nothing).code, "unknown_record");

console.log(`TypeScript: ${report.verdict} for ${standard}; refused: ${errors[0]?.detail}`);
