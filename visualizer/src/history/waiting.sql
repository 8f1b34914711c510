
CREATE TABLE waiting (seconds INTEGER NOT NULL, start INTEGER NOT NULL, PRIMARY KEY (seconds, start)) WITHOUT ROWID;
CREATE VIEW asn_report AS
  SELECT datetime(rows.start, 'unixepoch') AS time, hosts.asn AS asn, hosts.owner AS owner, rows.key AS host,
    hosts.prefix AS parent_pfx, 'AS' || hosts.asn || coalesce(': ' || hosts.owner, '') AS display_name,
    rows.packets_received AS packets, rows.bytes_received AS bytes
  FROM (
    SELECT dimension, start, key, packets_received, bytes_received FROM rows WHERE seconds = 3600
    UNION ALL
    SELECT dimension, start - start % 3600, key, sum(packets_received), sum(bytes_received) FROM rows
    WHERE seconds = 10 AND start IN (SELECT start FROM waiting WHERE seconds = 3600) GROUP BY 1, 2, 3
  ) AS rows JOIN hosts ON hosts.address = rows.key
  WHERE rows.dimension = (SELECT id FROM dimensions WHERE name = 'host') AND rows.packets_received > 0;
