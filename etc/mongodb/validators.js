// Validators for Holdfast's collections: mongosh "mongodb://.../holdfast" validators.js
// Only what every document of a box has is asked for, so that a newer daemon is not refused. Run by the people who run the
// cluster; a document that a validator refuses goes to the box's dead letters with the server's reason.
const id = { bsonType: 'string' }, text = { bsonType: 'string' }, long = { bsonType: ['long', 'int'] }, date = { bsonType: 'date' };
const common = { _id: id, site_id: text, schema: long, generation: text };
const schemas = {
  active_calls: { required: ['site_id', 'rev', 'status', 'started_at'], more: { rev: long, status: text, started_at: date } },
  incidents: { required: ['site_id', 'rev', 'call_sid', 'type', 'facts'], more: { rev: long, type: text, facts: { bsonType: 'array' } } },
  dispatches: { required: ['site_id', 'rev', 'call_sid', 'state', 'steps'], more: { rev: long, state: text, steps: { bsonType: 'array' } } },
  transcripts: { required: ['site_id', 'call_sid', 'speaker', 'text', 'at', 'hash'], more: { speaker: { enum: ['caller', 'voice'] }, text, at: date, hash: text } },
  recordings: { required: ['site_id', 'call_sid', 'path', 'sha256', 'hash'], more: { path: text, sha256: text, hash: text } },
  audit: { required: ['site_id', 'at', 'actor', 'action', 'hash'], more: { at: date, actor: text, action: text, hash: text } },
  // GridFS, bucket audio: only with mongodb.audio on. Nobody else is to keep files in this bucket.
  'audio.files': { required: ['site_id', 'length', 'chunkSize', 'uploadDate', 'filename', 'metadata', 'hash'],
    more: { length: long, chunkSize: long, uploadDate: date, filename: text, metadata: { bsonType: 'object' }, hash: text } },
  'audio.chunks': { required: ['site_id', 'files_id', 'n', 'data', 'hash'],
    more: { files_id: id, n: long, data: { bsonType: 'binData' }, hash: text } },
};
for (const [name, { required, more }] of Object.entries(schemas)) {
  const validator = { $jsonSchema: { bsonType: 'object', required, properties: { ...common, ...more } } };
  if (!db.getCollectionNames().includes(name)) db.createCollection(name);
  // Documents that were there before are left as they are.
  printjson(db.runCommand({ collMod: name, validator, validationLevel: 'moderate', validationAction: 'error' }));
}
