#!/usr/bin/env bash
# The service under load, side by side with the recursive query that somebody would write instead
# (performance.md), on the same data and in one run:
#
#   bash benches/http.sh [STANDARDS…]     default: 20000 200000 (100,000 and 1,000,000 calibrations)
#
# Wants wrk, pgbench, jq and python3, and a PostgreSQL on this machine (ETALON_TEST_DATABASE_URL, default
# postgres://postgres@127.0.0.1:5432/postgres), in which it makes and drops databases etalon_http….
# `postgres` or `sqlite` in ETALON_BENCH_BACKENDS leaves the other out, ETALON names a program that is
# built already. Prints one line a figure.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
server=${ETALON_TEST_DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres}
backends=${ETALON_BENCH_BACKENDS:-postgres sqlite}
seconds=${ETALON_BENCH_SECONDS:-20}
years=5
[ $# -gt 0 ] || set -- 20000 200000
for tool in wrk pgbench jq psql python3; do
    command -v $tool > /dev/null || { echo "$tool is missing"; exit 1; }
done

[ -n "${ETALON:-}" ] || cargo build --locked --release --quiet
etalon=${ETALON:-${CARGO_TARGET_DIR:-target}/release/etalon}
directory=$(mktemp -d "${TMPDIR:-/tmp}/etalon-http.XXXXXX")
database=etalon_http_$$
url=${server%/*}/$database
service=
stop() {
    [ -z "$service" ] || { kill "$service" && wait "$service"; } || true
    service=
}
finish() {
    stop
    psql -q "$server" -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" || true
    rm -rf "$directory"
}
trap finish EXIT

# Serves the registry at the address in $1 and says where.
serve() {
    rm -f "$directory/said"
    ETALON_LOG=warn ETALON_SIGNING_KEY_FILE=$directory/key.pem "$etalon" serve --json \
        --listen 127.0.0.1:0 --database "$1" --setup-key-file "$directory/setup-key" \
        > "$directory/said" 2> "$directory/log" &
    service=$!
    until [ -s "$directory/said" ]; do
        kill -0 "$service" || { cat "$directory/log"; exit 1; }
    done
    address=$(jq -r .listening "$directory/said")
}

# A key of the registry that is served, and a token for it.
token() {
    key=$(jq -n --arg key "$(cat "$directory/setup-key")" --arg id "$1" \
        '{setup_key: $key, organisation_id: $id}' |
        curl -sS "$address/api/v1/setup" -H 'Content-Type: application/json' -d @- | jq -r .secret)
    curl -sS "$address/api/v1/auth/token" -d grant_type=client_credentials \
        -d client_secret="$key" | jq -r .access_token
}

# Requests a second and latencies of one run of wrk.
load() {
    wrk -t $(($2 < 2 ? 1 : 2)) -c "$2" -d "${seconds}s" --latency -s "$3" "$address" > "$directory/wrk"
    local rate p50 p99 wrong
    rate=$(awk '/^Requests\/sec/ { print $2 }' "$directory/wrk")
    p50=$(awk '/^ +50%/ { print $2 }' "$directory/wrk")
    p99=$(awk '/^ +99%/ { print $2 }' "$directory/wrk")
    wrong=$(awk '/Non-2xx/ { print $NF }' "$directory/wrk")
    echo "$1, $2 connections: $rate requests/s, p50 $p50, p99 $p99${wrong:+, $wrong refused}"
}

openssl genpkey -algorithm ed25519 -out "$directory/key.pem"
for standards in "$@"; do
    # A country that was always known: what is written when does not matter here, and a
    # historical import would refuse what lies in the future.
    "$etalon" synth --standards "$standards" --years "$years" --seed 7 |
        sed -E 's/"recorded_at": ?"[^"]*", ?//g; s/, ?"recorded_at": ?"[^"]*"//g' \
            > "$directory/country.json"
    psql -q "$server" -c "SET client_min_messages = warning" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" \
        -c "CREATE DATABASE $database TEMPLATE template0"
    for backend in $backends; do
        case $backend in
            postgres) place=$url ;;
            sqlite) place=$directory/registry-$standards.db ;;
        esac
        "$etalon" migrate --database "$place" > /dev/null
        "$etalon" import "$directory/country.json" --database "$place" --json > /dev/null
        serve "$place"
        curl -sS "$address/api/v1/measurement_standards?limit=1" > /dev/null
        # Standards that are asked for, drawn once from the whole country.
        if [ ! -s "$directory/standards-$standards-$backend" ]; then
            query="SELECT id FROM measurement_standards WHERE log_to IS NULL"
            case $backend in
                postgres) psql -qAt "$url" -c "$query ORDER BY md5(code) LIMIT 2000" ;;
                sqlite)
                    python3 - "$place" "$query" << 'PYTHON'
import hashlib, sqlite3, sys

rows = sqlite3.connect(sys.argv[1]).execute(sys.argv[2].replace("id", "id, code", 1)).fetchall()
rows.sort(key=lambda row: hashlib.md5(row[1].encode()).hexdigest())
print("\n".join(row[0] for row in rows[:2000]))
PYTHON
                    ;;
            esac > "$directory/standards-$standards-$backend"
        fi
        {
            echo 'local ids = {'
            sed 's/.*/"&",/' "$directory/standards-$standards-$backend"
            cat << 'LUA'
}
local at = 0
function init(arguments) at = math.random(#ids) end
request = function()
    at = at % #ids + 1
    return wrk.format("GET", "/api/v1/measurement_standards/" .. ids[at] .. "/traceability")
end
LUA
        } > "$directory/read.lua"
        say="$standards standards, $((standards * years)) calibrations, $backend"
        load "$say: GET …/traceability" 1 "$directory/read.lua"
        load "$say: GET …/traceability" 8 "$directory/read.lua"
        owner=$("$etalon" list measurement_standards --database "$place" --limit 1 --json |
            jq -r '.items[0].owner')
        token=$(token "$owner")
        item=$(head -1 "$directory/standards-$standards-$backend")
        cat > "$directory/write.lua" << LUA
local thread_number = 0
setup = function(thread) thread_number = thread_number + 1; thread:set("own", thread_number) end
local count = 0
request = function()
    count = count + 1
    local number = own .. "-" .. count .. "-" .. os.time()
    local body = '{"kind":"calibration","issuer":"$owner","item":"$item","number":"' .. number ..
        '","performed_from":"2026-02-10","performed_to":"2026-02-10","results":[{"id":"r1",' ..
        '"quantity_kind":"conventional_mass","point":{"value":"1","unit":"kg"},' ..
        '"value":"1.0000003","unit":"kg","uncertainty":{"value":"0.3","unit":"mg",' ..
        '"kind":"expanded","coverage_factor":"2"}}]}'
    return wrk.format("POST", "/api/v1/calibrations", {
        ["Content-Type"] = "application/json", ["Authorization"] = "Bearer $token",
    }, body)
end
LUA
        load "$say: POST of single calibrations" 8 "$directory/write.lua"
        stop
        if [ $backend = postgres ]; then
            # What somebody would write instead: three narrow tables with number keys, well
            # indexed, and a prepared recursive query from a standard upward.
            psql -q "$url" << 'SQL'
CREATE TABLE plain_standard AS SELECT row_number() OVER (ORDER BY md5(code)) AS id, id AS uuid
    FROM measurement_standards WHERE log_to IS NULL;
CREATE TABLE plain_calibration AS SELECT row_number() OVER (ORDER BY c.id) AS id, c.id AS uuid,
    s.id AS standard, c.performed_to FROM calibrations c
    JOIN plain_standard s ON s.uuid = c.item WHERE c.log_to IS NULL;
CREATE UNIQUE INDEX ON plain_calibration (uuid);
CREATE TABLE plain_reference AS SELECT child.id AS calibration, parent.id AS parent
    FROM calibration_references r
    JOIN calibrations c ON c.log_from = r.log_from AND c.log_to IS NULL
    JOIN plain_calibration child ON child.uuid = c.id
    JOIN plain_calibration parent ON parent.uuid = r.calibration;
ALTER TABLE plain_standard ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON plain_standard (uuid);
ALTER TABLE plain_calibration ADD PRIMARY KEY (id);
CREATE INDEX ON plain_calibration (standard, performed_to);
CREATE INDEX ON plain_reference (calibration, parent);
ANALYZE;
SQL
            cat > "$directory/chain.sql" << 'SQL'
\set standard random(1, 2000)
WITH RECURSIVE up (id, depth) AS (
    SELECT c.id, 1 FROM (SELECT id FROM plain_calibration WHERE standard = :standard
        ORDER BY performed_to DESC LIMIT 1) c
    UNION
    SELECT r.parent, up.depth + 1 FROM up JOIN plain_reference r ON r.calibration = up.id
    WHERE up.depth < 32
) SELECT up.id, s.uuid FROM up JOIN plain_calibration c ON c.id = up.id
    JOIN plain_standard s ON s.id = c.standard;
SQL
            for clients in 1 8; do
                rate=$(pgbench -n -M prepared -f "$directory/chain.sql" -c $clients -j 2 \
                    -T "$seconds" "$url" | awk '/^tps/ { print $3 }')
                echo "$say: recursive query through pgbench, $clients clients: $rate/s"
            done
        fi
    done
    rm -f "$directory/country.json"
done
