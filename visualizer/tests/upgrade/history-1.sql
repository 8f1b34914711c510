-- The history of a Wireglobe whose tables are of version 1, with the indexes of the first: two flows within ten seconds.
CREATE TABLE dimensions (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE steps (
  seconds INTEGER NOT NULL, start INTEGER NOT NULL, in_packets INTEGER NOT NULL, in_bytes INTEGER NOT NULL,
  out_packets INTEGER NOT NULL, out_bytes INTEGER NOT NULL, other_packets INTEGER NOT NULL, other_bytes INTEGER NOT NULL,
  flows INTEGER NOT NULL, left_out_packets INTEGER NOT NULL, PRIMARY KEY (seconds, start)
) WITHOUT ROWID;
CREATE TABLE rows (
  dimension INTEGER NOT NULL, seconds INTEGER NOT NULL, start INTEGER NOT NULL, key TEXT NOT NULL,
  packets_sent INTEGER NOT NULL, bytes_sent INTEGER NOT NULL, packets_received INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL, flows INTEGER NOT NULL, PRIMARY KEY (dimension, seconds, start, key)
) WITHOUT ROWID;
CREATE TABLE hosts (
  address TEXT PRIMARY KEY, asn INTEGER, owner TEXT, prefix TEXT, country TEXT, start INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, flows INTEGER NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX blocks_time ON blocks (kind, first);
CREATE VIEW asn_report AS
  SELECT datetime(rows.start, 'unixepoch') AS time, hosts.asn AS asn, hosts.owner AS owner, rows.key AS host,
    hosts.prefix AS parent_pfx, 'AS' || hosts.asn || coalesce(': ' || hosts.owner, '') AS display_name,
    rows.packets_received AS packets, rows.bytes_received AS bytes
  FROM rows JOIN hosts ON hosts.address = rows.key
  WHERE rows.dimension = (SELECT id FROM dimensions WHERE name = 'host') AND rows.seconds = 3600
    AND rows.packets_received > 0;
INSERT INTO dimensions VALUES (1, 'country'), (2, 'host');
INSERT INTO steps VALUES
  (10, 7200, 7, 700, 7, 700, 0, 0, 2, 0),
  (60, 7200, 7, 700, 7, 700, 0, 0, 2, 0),
  (600, 7200, 7, 700, 7, 700, 0, 0, 2, 0),
  (3600, 7200, 7, 700, 7, 700, 0, 0, 2, 0);
INSERT INTO rows VALUES
  (1, 10, 7200, 'AU', 5, 500, 5, 500, 1),
  (1, 60, 7200, 'AU', 5, 500, 5, 500, 1),
  (1, 600, 7200, 'AU', 5, 500, 5, 500, 1),
  (1, 3600, 7200, 'AU', 5, 500, 5, 500, 1),
  (1, 10, 7200, 'US', 2, 200, 2, 200, 1),
  (1, 60, 7200, 'US', 2, 200, 2, 200, 1),
  (1, 600, 7200, 'US', 2, 200, 2, 200, 1),
  (1, 3600, 7200, 'US', 2, 200, 2, 200, 1),
  (2, 10, 7200, '1.1.1.1', 5, 500, 5, 500, 1),
  (2, 60, 7200, '1.1.1.1', 5, 500, 5, 500, 1),
  (2, 600, 7200, '1.1.1.1', 5, 500, 5, 500, 1),
  (2, 3600, 7200, '1.1.1.1', 5, 500, 5, 500, 1),
  (2, 10, 7200, '192.168.1.7', 7, 700, 7, 700, 2),
  (2, 60, 7200, '192.168.1.7', 7, 700, 7, 700, 2),
  (2, 600, 7200, '192.168.1.7', 7, 700, 7, 700, 2),
  (2, 3600, 7200, '192.168.1.7', 7, 700, 7, 700, 2),
  (2, 10, 7200, '8.8.8.8', 2, 200, 2, 200, 1),
  (2, 60, 7200, '8.8.8.8', 2, 200, 2, 200, 1),
  (2, 600, 7200, '8.8.8.8', 2, 200, 2, 200, 1),
  (2, 3600, 7200, '8.8.8.8', 2, 200, 2, 200, 1);
INSERT INTO hosts VALUES
  ('1.1.1.1', 13335, 'Cloudflare, Inc.', '1.1.1.0/24', 'AU', 7200),
  ('192.168.1.7', NULL, NULL, NULL, NULL, 7200),
  ('8.8.8.8', 15169, 'Google LLC', '8.8.8.0/24', 'US', 7200);
INSERT INTO blocks VALUES (1, 'S', 7200, 7260, 2,
  X'5747530151190E297801633A50C0C0C6C8726005233B0303130B232323230B0707070703232313183030C0190E731CE6EC66DCCDF8FFFFFFFF6C6C018C018CAC4C5F984F40494646062800001EB30E61');
PRAGMA user_version = 1;
