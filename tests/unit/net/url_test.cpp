#include "net/url.hpp"

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

struct Good {
    const char* text;
    const char* scheme;
    const char* host;
    int port;
    bool explicit_port;
    const char* target;
    const char* host_header;
};

class GoodUrl : public testing::TestWithParam<Good> {};

TEST_P(GoodUrl, IsTakenApart) {
    const auto url = parse_url(GetParam().text);
    ASSERT_TRUE(url) << GetParam().text;
    EXPECT_EQ(url->scheme, GetParam().scheme);
    EXPECT_EQ(url->host, GetParam().host);
    EXPECT_EQ(url->port, GetParam().port);
    EXPECT_EQ(url->explicit_port, GetParam().explicit_port);
    EXPECT_EQ(url->target, GetParam().target);
    EXPECT_EQ(url->host_header(), GetParam().host_header);
}

INSTANTIATE_TEST_SUITE_P(
    Url, GoodUrl,
    testing::Values(
        Good{"https://example.com", "https", "example.com", 443, false, "/", "example.com"},
        Good{"HTTPS://Example.COM/a/B?c=D", "https", "example.com", 443, false, "/a/B?c=D", "example.com"},
        Good{"wss://api.openai.com/v1/realtime?model=gpt-realtime", "wss", "api.openai.com", 443, false,
             "/v1/realtime?model=gpt-realtime", "api.openai.com"},
        Good{"ws://127.0.0.1:8080/x", "ws", "127.0.0.1", 8080, true, "/x", "127.0.0.1:8080"},
        Good{"http://localhost:80/", "http", "localhost", 80, true, "/", "localhost"},
        Good{"http://[::1]:9000/a", "http", "::1", 9000, true, "/a", "[::1]:9000"},
        Good{"https://[2001:DB8::1]", "https", "2001:db8::1", 443, false, "/", "[2001:db8::1]"},
        Good{"https://host?query", "https", "host", 443, false, "/?query", "host"},
        Good{"https://host./", "https", "host.", 443, false, "/", "host."},
        Good{"https://host/a@b", "https", "host", 443, false, "/a@b", "host"}));

class BadUrl : public testing::TestWithParam<const char*> {};

TEST_P(BadUrl, IsRefused) { EXPECT_FALSE(parse_url(GetParam())) << GetParam(); }

INSTANTIATE_TEST_SUITE_P(
    Url, BadUrl,
    testing::Values("", "example.com", "//example.com", "ftp://example.com", "https:/example.com", "https://",
                    "https:///path", "https://user@host/", "https://user:pass@host/", "https://host/#fragment",
                    "https://ho st/", "https://host/\r\nX: y", "https://host/\x7f", "https://h\xc3\xb6st/",
                    "https://host:/", "https://host:0/", "https://host:65536/", "https://host:-1/",
                    "https://host:8a/", "https://host:000080/", "https://[::1", "https://[::1]x/", "https://[1.2.3.4]/",
                    "https://1.2.3/", "https://1.2.3.4.5/", "https://999.1.1.1/", "https://a..b/", "https://.a/",
                    "https://host\\evil/", "https://ho%73t/", "wss://host|x/"));

TEST(Loopback, IsRecognisedByAddressAndByTheOneName) {
    for (const char* yes : {"127.0.0.1", "127.8.9.10", "::1", "localhost", "LOCALHOST"}) EXPECT_TRUE(is_loopback(yes)) << yes;
    for (const char* no : {"128.0.0.1", "::2", "localhost.example.com", "127.0.0.1.example.com", "", "0.0.0.0"}) {
        EXPECT_FALSE(is_loopback(no)) << no;
    }
}

}  // namespace
}  // namespace holdfast::net
