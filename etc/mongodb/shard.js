// One sharded cluster for many boxes: mongosh "mongodb://mongos.../" shard.js
// The shard key {site_id, _id} keeps a box's documents together, is in the filter of every guarded upsert, and grows with the
// number of sites. With zones a site's documents can be kept in its own region: sh.addShardToZone, sh.updateZoneKeyRange.
const database = 'holdfast';
sh.enableSharding(database);
for (const name of ['active_calls', 'incidents', 'dispatches', 'transcripts', 'recordings', 'audit', 'audio.files']) {
  const namespace = `${database}.${name}`;
  db.getSiblingDB(database).getCollection(name).createIndex({ site_id: 1, _id: 1 });
  printjson(sh.shardCollection(namespace, { site_id: 1, _id: 1 }));
}
// The sound of recordings (mongodb.audio): by the key that GridFS readers ask by. Its unique index allows no other shard key, so
// chunks lie apart by call and not by site; without audio this collection stays empty.
const chunks = db.getSiblingDB(database).getCollection('audio.chunks');
chunks.createIndex({ files_id: 1, n: 1 }, { unique: true });
printjson(sh.shardCollection(`${database}.audio.chunks`, { files_id: 1, n: 1 }, true));
