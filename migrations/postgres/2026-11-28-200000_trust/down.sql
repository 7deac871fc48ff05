DROP TABLE refused_attempts;
ALTER TABLE members DROP COLUMN last_used_at;
ALTER TABLE api_keys DROP COLUMN last_used_at;
ALTER TABLE api_keys DROP COLUMN scopes;
DROP INDEX record_log_kind;
DROP INDEX record_log_actor;
ALTER TABLE record_log DROP COLUMN request_id;
