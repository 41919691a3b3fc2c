#include "sync/mongo_uri_impl.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace holdfast::sync {
namespace {

constexpr std::int32_t k_time_out_least_ms = 100;
constexpr std::int32_t k_time_out_most_ms = 30'000;

}  // namespace

MongoUri mongo_uri(const MongoSettings& settings) {
    bson_error_t error{};
    MongoUri uri(mongoc_uri_new_with_error(settings.uri.reveal().c_str(), &error));
    if (uri == nullptr) return uri;
    // What the agency's URI says of time-outs holds, within reason: every wait has a limit.
    const auto ms = [&uri](const char* option, std::chrono::milliseconds usual) {
        const auto wanted = mongoc_uri_get_option_as_int32(uri.get(), option, static_cast<std::int32_t>(usual.count()));
        mongoc_uri_set_option_as_int32(uri.get(), option, std::clamp(wanted, k_time_out_least_ms, k_time_out_most_ms));
    };
    ms(MONGOC_URI_CONNECTTIMEOUTMS, settings.connect_timeout);
    ms(MONGOC_URI_SERVERSELECTIONTIMEOUTMS, settings.selection_timeout);
    ms(MONGOC_URI_SOCKETTIMEOUTMS, settings.socket_timeout);
    mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_MAXPOOLSIZE, 1);
    // Unless the agency says so, one name is not the whole: the driver would stay with that member when it is primary no more (M04).
    if (!mongoc_uri_has_option(uri.get(), MONGOC_URI_DIRECTCONNECTION)) {
        mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_DIRECTCONNECTION, false);
    }
    mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_RETRYWRITES, true);
    mongoc_uri_set_appname(uri.get(), "holdfastd");
    if (!settings.tls_ca_file.empty()) {
        mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_TLS, true);
        mongoc_uri_set_option_as_utf8(uri.get(), MONGOC_URI_TLSCAFILE, settings.tls_ca_file.c_str());
    }
    // M10: whatever the URI says, a certificate is checked.
    for (const char* never : {MONGOC_URI_TLSALLOWINVALIDCERTIFICATES, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES, MONGOC_URI_TLSINSECURE}) {
        if (mongoc_uri_get_option_as_bool(uri.get(), never, false)) mongoc_uri_set_option_as_bool(uri.get(), never, false);
    }
    // Nothing counts as delivered before a majority has it on its disks (M09).
    mongoc_write_concern_t* concern = mongoc_write_concern_new();
    mongoc_write_concern_set_wmajority(concern, static_cast<std::int32_t>(settings.write_timeout.count()));
    mongoc_write_concern_set_journal(concern, true);
    mongoc_uri_set_write_concern(uri.get(), concern);
    mongoc_write_concern_destroy(concern);
    return uri;
}

}  // namespace holdfast::sync
