// One sharded cluster for many boxes: mongosh "mongodb://mongos.../" shard.js
// The shard key {site_id, _id} keeps a box's documents together, is in the filter of every guarded upsert, and grows with the
// number of sites. With zones a site's documents can be kept in its own region: sh.addShardToZone, sh.updateZoneKeyRange.
const database = 'holdfast';
sh.enableSharding(database);
for (const name of ['active_calls', 'incidents', 'dispatches', 'transcripts', 'recordings', 'audit']) {
  const namespace = `${database}.${name}`;
  db.getSiblingDB(database).getCollection(name).createIndex({ site_id: 1, _id: 1 });
  printjson(sh.shardCollection(namespace, { site_id: 1, _id: 1 }));
}
