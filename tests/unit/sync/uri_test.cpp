// What the settings make of the agency's URI, whatever the server can do.
#include "sync/mongo_uri_impl.hpp"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::test {
namespace {

using sync::MongoUri;

MongoUri uri(const std::string& text, const std::string& tls_ca_file = "") {
    sync::MongoSettings settings;
    settings.uri = base::Secret(text);
    settings.tls_ca_file = tls_ca_file;
    return sync::mongo_uri(settings);
}
int number(const MongoUri& uri, const char* option) { return mongoc_uri_get_option_as_int32(uri.get(), option, -1); }
bool flag(const MongoUri& uri, const char* option) { return mongoc_uri_get_option_as_bool(uri.get(), option, false); }

TEST(MongoUri, WaitsForAMajoritysDisks) {
    for (const char* text : {"mongodb://db/", "mongodb://db/?w=0&journal=false", "mongodb://db/?w=1"}) {
        const auto got = uri(text);
        ASSERT_TRUE(got);
        const auto* concern = mongoc_uri_get_write_concern(got.get());
        EXPECT_TRUE(mongoc_write_concern_get_wmajority(concern)) << text;
        EXPECT_TRUE(mongoc_write_concern_get_journal(concern)) << text;
        EXPECT_EQ(mongoc_write_concern_get_wtimeout(concern), 5'000) << text;
        EXPECT_TRUE(flag(got, MONGOC_URI_RETRYWRITES));
    }
}

TEST(MongoUri, GivesEveryWaitALimit) {
    const auto usual = uri("mongodb://db/");
    EXPECT_EQ(number(usual, MONGOC_URI_CONNECTTIMEOUTMS), 3'000);
    EXPECT_EQ(number(usual, MONGOC_URI_SERVERSELECTIONTIMEOUTMS), 5'000);
    EXPECT_EQ(number(usual, MONGOC_URI_SOCKETTIMEOUTMS), 10'000);
    const auto own = uri("mongodb://db/?connectTimeoutMS=1500&serverSelectionTimeoutMS=1&socketTimeoutMS=3600000");
    EXPECT_EQ(number(own, MONGOC_URI_CONNECTTIMEOUTMS), 1'500) << "the agency's holds";
    EXPECT_EQ(number(own, MONGOC_URI_SERVERSELECTIONTIMEOUTMS), 100);
    EXPECT_EQ(number(own, MONGOC_URI_SOCKETTIMEOUTMS), 30'000);
}

TEST(MongoUri, FollowsThePrimaryUnlessTheAgencySaysNot) {
    EXPECT_TRUE(mongoc_uri_has_option(uri("mongodb://db/").get(), MONGOC_URI_DIRECTCONNECTION));
    EXPECT_FALSE(flag(uri("mongodb://db/"), MONGOC_URI_DIRECTCONNECTION));
    EXPECT_TRUE(flag(uri("mongodb://db/?directConnection=true"), MONGOC_URI_DIRECTCONNECTION));
    const auto set = uri("mongodb://a:1,b:2,c:3/?replicaSet=agency");
    EXPECT_STREQ(mongoc_uri_get_replica_set(set.get()), "agency");
    int hosts = 0;
    for (const auto* host = mongoc_uri_get_hosts(set.get()); host != nullptr; host = host->next) ++hosts;
    EXPECT_EQ(hosts, 3);
}

TEST(MongoUri, LogsInAsItSays) {
    const auto got = uri("mongodb://box%40psap:p%2Fw@db/?authSource=psap&authMechanism=SCRAM-SHA-256");
    ASSERT_TRUE(got);
    EXPECT_STREQ(mongoc_uri_get_username(got.get()), "box@psap");
    EXPECT_STREQ(mongoc_uri_get_password(got.get()), "p/w");
    EXPECT_STREQ(mongoc_uri_get_auth_source(got.get()), "psap");
    EXPECT_STREQ(mongoc_uri_get_auth_mechanism(got.get()), "SCRAM-SHA-256");
}

TEST(MongoUri, TakesAtlassForm) {
    const auto got = uri("mongodb+srv://box:word@cluster0.example.net/?retryWrites=true&w=majority&appName=other");
    ASSERT_TRUE(got);
    EXPECT_STREQ(mongoc_uri_get_srv_hostname(got.get()), "cluster0.example.net");
    EXPECT_TRUE(mongoc_uri_get_tls(got.get()));
    EXPECT_STREQ(mongoc_uri_get_auth_source(got.get()), "admin");
}

TEST(MongoUri, ChecksEveryCertificate) {
    const auto got = uri("mongodb://db/?tls=true&tlsAllowInvalidCertificates=true&tlsAllowInvalidHostnames=true");
    ASSERT_TRUE(got);
    EXPECT_FALSE(flag(got, MONGOC_URI_TLSALLOWINVALIDCERTIFICATES));
    EXPECT_FALSE(flag(got, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES));
    EXPECT_FALSE(flag(uri("mongodb://db/?tls=true&tlsInsecure=true"), MONGOC_URI_TLSINSECURE));
    const auto ca = uri("mongodb://db/", "/etc/holdfast/agency-ca.pem");
    EXPECT_TRUE(mongoc_uri_get_tls(ca.get())) << "a CA means TLS";
    EXPECT_STREQ(mongoc_uri_get_option_as_utf8(ca.get(), MONGOC_URI_TLSCAFILE, ""), "/etc/holdfast/agency-ca.pem");
}

TEST(MongoUri, IsNoneOfOtherKinds) {
    for (const char* text : {"", "db", "http://db/", "mongodb://", "mongodb+srv://a,b/", "mongodb://db/?directConnection=true&loadBalanced=true"}) {
        EXPECT_FALSE(uri(text)) << text;
    }
}

}  // namespace
}  // namespace holdfast::test
