#include "state_load/server.hpp"

#include <mongoc/mongoc.h>

#include <algorithm>
#include <memory>

namespace holdfast::bench {
namespace {

struct Freed {
    void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
    void operator()(mongoc_client_t* client) const { mongoc_client_destroy(client); }
    void operator()(mongoc_collection_t* collection) const { mongoc_collection_destroy(collection); }
    void operator()(mongoc_server_description_t* server) const { mongoc_server_description_destroy(server); }
    void operator()(mongoc_cursor_t* cursor) const { mongoc_cursor_destroy(cursor); }
};
template <class T>
using Owned = std::unique_ptr<T, Freed>;

class Document {
  public:
    Document() { bson_init(&b_); }
    ~Document() { bson_destroy(&b_); }
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;
    bson_t* get() { return &b_; }

  private:
    bson_t b_;
};

constexpr std::int32_t k_selection_ms = 10'000;
constexpr const char* k_collections[] = {"dispatches", "incidents", "active_calls", "transcripts", "recordings", "audit"};

base::Result<Owned<mongoc_client_t>> connect(const sync::MongoSettings& settings) {
    const Owned<mongoc_uri_t> uri(mongoc_uri_new(settings.uri.reveal().c_str()));
    if (uri == nullptr) return base::make_error(base::Condition::fatal, "mongodb_uri");
    if (!settings.tls_ca_file.empty()) {
        mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_TLS, true);
        mongoc_uri_set_option_as_utf8(uri.get(), MONGOC_URI_TLSCAFILE, settings.tls_ca_file.c_str());
    }
    const auto wait_ms = mongoc_uri_get_option_as_int32(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, k_selection_ms);
    mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, std::min(wait_ms, k_selection_ms));
    Owned<mongoc_client_t> client(mongoc_client_new_from_uri(uri.get()));
    if (client == nullptr) return base::make_error(base::Condition::fatal, "mongodb_uri");
    return client;
}

std::string text_at(const bson_t* document, const char* dotted) {
    bson_iter_t it, found;
    if (!bson_iter_init(&it, document) || !bson_iter_find_descendant(&it, dotted, &found)) return {};
    if (!BSON_ITER_HOLDS_UTF8(&found)) return {};
    return bson_iter_utf8(&found, nullptr);
}

bool ask(mongoc_client_t* client, const char* command, Document& reply) {
    Document question;
    bson_append_int32(question.get(), command, -1, 1);
    bson_error_t error;
    bson_destroy(reply.get());  // the driver makes it anew, also when it fails
    return mongoc_client_command_simple(client, "admin", question.get(), nullptr, reply.get(), &error);
}

}  // namespace

base::Result<ServerName> ask_name(const sync::MongoSettings& settings) {
    const auto client = connect(settings);
    if (!client) return client.error();
    Document build;
    if (!ask(client->get(), "buildInfo", build)) return base::make_error(base::Condition::retry, "unreachable");
    // What it said when the driver greeted it: not every server knows both forms of that question.
    bson_error_t error;
    const Owned<mongoc_server_description_t> server(mongoc_client_select_server(client->get(), false, nullptr, &error));
    if (server == nullptr) return base::make_error(base::Condition::retry, "unreachable");
    const bson_t* hello = mongoc_server_description_hello_response(server.get());
    ServerName name;
    name.version = text_at(build.get(), "version");
    const auto ferretdb = text_at(build.get(), "ferretdb.version");
    const auto set = text_at(hello, "setName");
    name.kind = !ferretdb.empty() ? "FerretDB " + ferretdb
                : text_at(hello, "msg") == "isdbgrid" ? "mongos"
                : !set.empty()                               ? "replica set " + set
                                                             : "one server";
    return name;
}

base::Result<std::int64_t> stored_bytes(const sync::MongoSettings& settings, const std::string& call_sid) {
    const auto client = connect(settings);
    if (!client) return client.error();
    Document filter;
    bson_append_utf8(filter.get(), "call_sid", -1, call_sid.data(), static_cast<int>(call_sid.size()));
    std::int64_t bytes = 0;
    for (const auto* name : k_collections) {
        const Owned<mongoc_collection_t> collection(mongoc_client_get_collection(client->get(), settings.database.c_str(), name));
        const Owned<mongoc_cursor_t> cursor(mongoc_collection_find_with_opts(collection.get(), filter.get(), nullptr, nullptr));
        for (const bson_t* found = nullptr; mongoc_cursor_next(cursor.get(), &found);) bytes += found->len;
        bson_error_t error;
        if (mongoc_cursor_error(cursor.get(), &error)) return base::make_error(base::Condition::retry, "unreachable");
    }
    return bytes;
}

}  // namespace holdfast::bench
