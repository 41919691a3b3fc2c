// Where the agency's database is, and how it is spoken to. The only header of the room that shows libmongoc; sync/mongo_*.cpp only.
#pragma once

#include "sync/mongo_sink.hpp"

#include <mongoc/mongoc.h>

#include <memory>

namespace holdfast::sync {

struct DestroyUri {
    void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
};
using MongoUri = std::unique_ptr<mongoc_uri_t, DestroyUri>;

// What the agency's URI says, within the limits of this box, and with what the sink relies on. Null: it is no URI.
MongoUri mongo_uri(const MongoSettings& settings);

}  // namespace holdfast::sync
