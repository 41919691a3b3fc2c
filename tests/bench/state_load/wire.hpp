// What goes over the connections of this process to MongoDB: bytes as the sockets see them (with TLS: of its records), and what
// the driver says of its commands. MongoSink is not changed for it: wire.cpp stands between it and libmongoc, and between
// libmongoc and the system (link with --wrap=mongoc_client_pool_new_with_error).
#pragma once

#include <cstdint>

namespace holdfast::bench {

struct Wire {
    // Sent and received by threads that called count_as_box(): the sinks' own connections.
    std::int64_t bytes_out = 0, bytes_in = 0, sends = 0;
    // ... by all others: the driver's threads that watch the servers.
    std::int64_t watch_bytes_out = 0, watch_bytes_in = 0;
    std::int64_t heartbeats = 0;
    // Answered commands, by their names.
    std::int64_t inserts = 0, updates = 0, finds = 0, index_commands = 0, others = 0;
    std::int64_t failed = 0;  // without a reply, or with one that says no

    std::int64_t commands() const { return inserts + updates + finds + index_commands + others + failed; }
};
Wire operator-(const Wire& later, const Wire& earlier);

// From now on what this thread sends and receives is a box's.
void count_as_box();
// So far; any thread.
Wire wire();

}  // namespace holdfast::bench
