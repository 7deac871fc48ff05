DROP TABLE policies;
DROP FUNCTION policies_are_kept;
