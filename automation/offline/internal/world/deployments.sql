-- Deployments of ECS services, with the tasks of them that stopped. Worlds of earlier versions get the table as they
-- are opened.
CREATE TABLE IF NOT EXISTS deployments (
  number   INTEGER PRIMARY KEY,
  service  TEXT NOT NULL,            -- the service's ARN
  document TEXT NOT NULL             -- JSON
) STRICT;
CREATE INDEX IF NOT EXISTS deployments_service ON deployments (service);
