// What the bench asks the server itself, on a connection of its own that counts as nobody's.
#pragma once

#include "base/error.hpp"
#include "sync/mongo_sink.hpp"

#include <cstdint>
#include <string>

namespace holdfast::bench {

struct ServerName {
    std::string version;     // of MongoDB, or of the one that it says it is
    std::string kind;        // "mongos", "replica set NAME", "one server"; "FerretDB VERSION"
};

// Errors: "mongodb_uri" (fatal), "unreachable" (retry).
base::Result<ServerName> ask_name(const sync::MongoSettings& settings);
// Bytes (BSON) of all documents about a call. Errors: as above.
base::Result<std::int64_t> stored_bytes(const sync::MongoSettings& settings, const std::string& call_sid);

}  // namespace holdfast::bench
