-- The alerts of a Wireglobe whose tables are of version 2: as it made them, with what was done about each.
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, number INTEGER NOT NULL, rule TEXT NOT NULL,
  severity INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, document TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'new', reason TEXT, comments INTEGER NOT NULL DEFAULT 0,
  evidence INTEGER NOT NULL DEFAULT 0, UNIQUE (run, number)
);
CREATE INDEX alerts_last ON alerts (last_ms);
CREATE TABLE history (
  alert INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE, at_ms INTEGER NOT NULL, action TEXT NOT NULL,
  comment TEXT, reason TEXT
);
CREATE INDEX history_alert ON history (alert);
CREATE TABLE evidence (alert INTEGER PRIMARY KEY REFERENCES alerts (id) ON DELETE CASCADE, capture BLOB NOT NULL);
CREATE TABLE mutes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, filter TEXT NOT NULL, reason TEXT NOT NULL, created_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL, hits INTEGER NOT NULL DEFAULT 0, last_hit_ms INTEGER
);
INSERT INTO alerts (id, run, number, rule, severity, first_ms, last_ms, document, state, reason, comments, evidence) VALUES
  (1, 'old', 1, 'scan.port.tcp_syn', 2, 1781721000000, 1781721001000, '{"rule":"scan.port.tcp_syn","severity":"medium","title":"TCP SYN port scan","count":100,"sources":["203.0.113.5"],"targets":["192.168.1.7:23"],"summary":"203.0.113.5 tried 100 ports"}', 'escalated', NULL, 1, 0),
  (2, 'old', 2, 'scan.port.tcp_syn', 2, 1781721002000, 1781721003000, '{"rule":"scan.port.tcp_syn","severity":"medium","title":"TCP SYN port scan","count":120,"sources":["198.51.100.9"],"targets":["192.168.1.7:23"],"summary":"198.51.100.9 tried 100 ports"}', 'closed', 'false_positive', 0, 1);
INSERT INTO history VALUES
  (1, 1781721010000, 'escalate', 'asked the owner', NULL),
  (2, 1781721011000, 'close', NULL, 'false_positive');
INSERT INTO evidence VALUES (2, X'0A0D0D0A');
INSERT INTO mutes VALUES (1, 'src host 203.0.113.5', 'our scanner', 1781721005000, 4102444800000, 3, 1781721006000);
PRAGMA user_version = 2;
