// The inline forms of recv() cannot be replaced.
#undef _FORTIFY_SOURCE
#include "state_load/wire.hpp"

#include <mongoc/mongoc.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

namespace holdfast::bench {
namespace {

using Count = std::atomic<std::int64_t>;

struct Counts {
    Count bytes_out{0}, bytes_in{0}, sends{0}, watch_bytes_out{0}, watch_bytes_in{0}, heartbeats{0};
    Count inserts{0}, updates{0}, finds{0}, index_commands{0}, others{0}, failed{0};
};
Counts g_counts;
thread_local bool t_box = false;

void on_succeeded(const mongoc_apm_command_succeeded_t* event) {
    const std::string_view name = mongoc_apm_command_succeeded_get_command_name(event);
    Count& count = name == "insert"          ? g_counts.inserts
                   : name == "update"        ? g_counts.updates
                   : name == "find"          ? g_counts.finds
                   : name == "createIndexes" ? g_counts.index_commands
                                             : g_counts.others;
    ++count;
}

void on_failed(const mongoc_apm_command_failed_t*) { ++g_counts.failed; }
void on_heartbeat(const mongoc_apm_server_heartbeat_succeeded_t*) { ++g_counts.heartbeats; }

}  // namespace

Wire operator-(const Wire& later, const Wire& earlier) {
    Wire d = later;
    d.bytes_out -= earlier.bytes_out, d.bytes_in -= earlier.bytes_in, d.sends -= earlier.sends;
    d.watch_bytes_out -= earlier.watch_bytes_out, d.watch_bytes_in -= earlier.watch_bytes_in, d.heartbeats -= earlier.heartbeats;
    d.inserts -= earlier.inserts, d.updates -= earlier.updates, d.finds -= earlier.finds;
    d.index_commands -= earlier.index_commands, d.others -= earlier.others, d.failed -= earlier.failed;
    return d;
}

void count_as_box() { t_box = true; }

Wire wire() {
    Wire w;
    w.bytes_out = g_counts.bytes_out, w.bytes_in = g_counts.bytes_in, w.sends = g_counts.sends;
    w.watch_bytes_out = g_counts.watch_bytes_out, w.watch_bytes_in = g_counts.watch_bytes_in, w.heartbeats = g_counts.heartbeats;
    w.inserts = g_counts.inserts, w.updates = g_counts.updates, w.finds = g_counts.finds;
    w.index_commands = g_counts.index_commands, w.others = g_counts.others, w.failed = g_counts.failed;
    return w;
}

}  // namespace holdfast::bench

extern "C" {

mongoc_client_pool_t* __real_mongoc_client_pool_new_with_error(const mongoc_uri_t* uri, bson_error_t* error);
mongoc_client_pool_t* __wrap_mongoc_client_pool_new_with_error(const mongoc_uri_t* uri, bson_error_t* error);

mongoc_client_pool_t* __wrap_mongoc_client_pool_new_with_error(const mongoc_uri_t* uri, bson_error_t* error) {
    mongoc_client_pool_t* pool = __real_mongoc_client_pool_new_with_error(uri, error);
    if (pool == nullptr) return nullptr;
    mongoc_apm_callbacks_t* callbacks = mongoc_apm_callbacks_new();
    mongoc_apm_set_command_succeeded_cb(callbacks, holdfast::bench::on_succeeded);
    mongoc_apm_set_command_failed_cb(callbacks, holdfast::bench::on_failed);
    mongoc_apm_set_server_heartbeat_succeeded_cb(callbacks, holdfast::bench::on_heartbeat);
    mongoc_client_pool_set_apm_callbacks(pool, callbacks, nullptr);
    mongoc_apm_callbacks_destroy(callbacks);
    return pool;
}

// libmongoc's sockets send and receive by these two; a program's own come before those of the C library.
ssize_t sendmsg(int fd, const msghdr* message, int flags) {
    const auto sent = ::syscall(SYS_sendmsg, fd, message, flags);
    if (sent > 0) {
        auto& counts = holdfast::bench::g_counts;
        (holdfast::bench::t_box ? counts.bytes_out : counts.watch_bytes_out) += sent;
        if (holdfast::bench::t_box) ++counts.sends;
    }
    return sent;
}

ssize_t recv(int fd, void* into, std::size_t bytes, int flags) {
    const auto received = ::syscall(SYS_recvfrom, fd, into, bytes, flags, nullptr, nullptr);
    if (received > 0) {
        auto& counts = holdfast::bench::g_counts;
        (holdfast::bench::t_box ? counts.bytes_in : counts.watch_bytes_in) += received;
    }
    return received;
}

}  // extern "C"
