#include "net/http_parse.hpp"

#include <gtest/gtest.h>

namespace holdfast::net {
namespace {

struct Row {
    const char* name;
    std::string bytes;
    int status;          // 0: accepted
    const char* reason = "";
};

std::string get(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
    return line + "\r\nHost: a\r\n" + fields + "\r\n";
}

std::string many_fields(int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += "X-" + std::to_string(i) + ": 1\r\n";
    return out;
}

std::vector<Row> rows() {
    using std::string;
    return {
        {"get", get(""), 0},
        {"http_1_0", "GET / HTTP/1.0\r\n\r\n", 0},
        {"post", get("Content-Length: 5\r\n", "POST /x HTTP/1.1") + "a=b&c", 0},
        {"post_without_body", get("Content-Length: 0\r\n", "POST /x HTTP/1.1"), 0},
        {"unknown_method", get("", "BREW /pot HTTP/1.1"), 0},
        {"absolute_target", get("", "GET http://a/ HTTP/1.1"), 0},
        {"sixty_four_fields", get(many_fields(63)), 0},
        {"upgrade", get("Upgrade: websocket\r\nConnection: Upgrade\r\n") + "\x81\x80", 0},

        {"http_0_9_without_version", "GET /\r\n\r\n", 400, "malformed"},
        {"http_0_9", get("", "GET / HTTP/0.9"), 505, "version"},
        {"http_1_2", get("", "GET / HTTP/1.2"), 505, "version"},
        {"http_2", get("", "GET / HTTP/2.0"), 505, "version"},
        {"http_9_9", get("", "GET / HTTP/9.9"), 505, "version"},
        {"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "version"},

        {"chunked", get("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.1") + "0\r\n\r\n", 411, "transfer_encoding"},
        {"gzip_coding", get("Transfer-Encoding: gzip\r\n", "POST / HTTP/1.1"), 411, "transfer_encoding"},
        {"odd_case_coding", get("tRANSFER-eNCODING: Chunked\r\n", "POST / HTTP/1.1"), 411, "transfer_encoding"},
        {"identity_coding", get("Transfer-Encoding: identity\r\nContent-Length: 3\r\n", "POST / HTTP/1.1") + "abc", 411, "transfer_encoding"},
        {"expect", get("Expect: 100-continue\r\nContent-Length: 3\r\n", "POST / HTTP/1.1"), 417, "expect"},
        {"two_equal_lengths", get("Content-Length: 3\r\nContent-Length: 3\r\n", "POST / HTTP/1.1") + "abc", 400, "content_length"},
        {"two_lengths", get("Content-Length: 3\r\nContent-Length: 4\r\n", "POST / HTTP/1.1") + "abc", 400, "content_length"},
        {"length_list", get("Content-Length: 3, 3\r\n", "POST / HTTP/1.1") + "abc", 400, "content_length"},
        {"length_sign", get("Content-Length: +3\r\n", "POST / HTTP/1.1") + "abc", 400, "content_length"},
        {"length_negative", get("Content-Length: -1\r\n", "POST / HTTP/1.1"), 400, "content_length"},
        {"length_hex", get("Content-Length: 0x3\r\n", "POST / HTTP/1.1") + "abc", 400, "content_length"},
        {"length_words", get("Content-Length: three\r\n", "POST / HTTP/1.1"), 400, "content_length"},
        {"length_empty", get("Content-Length: \r\n", "POST / HTTP/1.1"), 400, "content_length"},
        {"length_overflow", get("Content-Length: 99999999999999999999999\r\n", "POST / HTTP/1.1"), 400, "content_length"},
        {"body_above_limit", get("Content-Length: 1001\r\n", "POST / HTTP/1.1"), 413, "body_too_large"},
        {"length_huge", get("Content-Length: 18446744073709551615\r\n", "POST / HTTP/1.1"), 413, "body_too_large"},
        {"header_above_limit", get("X: " + string(5000, 'a') + "\r\n"), 431, "header_too_large"},
        {"endless_header", "GET / HTTP/1.1\r\nX: " + string(5000, 'a'), 431, "header_too_large"},
        {"endless_target", "GET /" + string(5000, 'a'), 431, "header_too_large"},
        {"too_many_fields", get(many_fields(64)), 431, "header_too_large"},

        {"no_host", "GET / HTTP/1.1\r\n\r\n", 400, "malformed"},
        {"two_hosts", get("Host: b\r\n"), 400, "malformed"},
        {"two_hosts_1_0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed"},
        {"folded_line", get("X: a\r\n b\r\n"), 400, "malformed"},
        {"folded_with_tab", get("X: a\r\n\tb\r\n"), 400, "malformed"},
        {"space_before_colon", get("X : a\r\n"), 400, "malformed"},
        {"no_colon", get("Nonsense\r\n"), 400, "malformed"},
        {"empty_name", get(": a\r\n"), 400, "malformed"},
        {"bare_line_feed", "GET / HTTP/1.1\nHost: a\n\n", 400, "malformed"},
        {"bare_carriage_return", get("X: a\rY: b\r\n"), 400, "malformed"},
        {"nul", get(string("X: a\0b\r\n", 8)), 400, "malformed"},
        {"escape", get("X: \x1b[0m\r\n"), 400, "malformed"},
        {"leading_empty_line", "\r\n" + get(""), 400, "malformed"},
        {"leading_space", " " + get(""), 400, "malformed"},
        {"tls_hello", string("\x16\x03\x01\x02\x00\x01\x00\x01", 8), 400, "malformed"},
        {"space_in_target", get("", "GET /a b HTTP/1.1"), 505, "version"},
        {"pipelined", get("") + get(""), 400, "pipelined"},
        {"bytes_behind_the_body", get("Content-Length: 2\r\n", "POST / HTTP/1.1") + "abc", 400, "pipelined"},
        {"upgrade_by_post", get("Upgrade: websocket\r\nConnection: Upgrade\r\n", "POST / HTTP/1.1"), 400, "malformed"},
        {"upgrade_with_body", get("Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n") + "ab", 400, "malformed"},
    };
}

HttpLimits small_limits() {
    auto limits = HttpLimits::defaults();
    limits.header_bytes_max = 4096;
    limits.body_bytes_max = 1000;
    return limits;
}

TEST(RequestReader, JudgesEveryRowOfTheTable) {
    for (const auto& row : rows()) {
        RequestReader reader(small_limits());
        const ReadStep step = reader.put(row.bytes);
        EXPECT_EQ(step, row.status == 0 ? ReadStep::done : ReadStep::refused) << row.name;
        EXPECT_EQ(reader.status(), row.status) << row.name;
        EXPECT_STREQ(reader.reason(), row.reason) << row.name;
    }
}

TEST(RequestReader, JudgesAlikeHoweverTheBytesAreCut) {
    for (const auto& row : rows()) {
        for (const std::size_t piece : {1u, 2u, 3u, 5u, 97u}) {
            RequestReader reader(small_limits());
            ReadStep step = ReadStep::more;
            for (std::size_t at = 0; at < row.bytes.size() && step == ReadStep::more; at += piece) {
                step = reader.put(std::string_view(row.bytes).substr(at, piece));
            }
            // Cut small, bytes behind a request have not come yet when it is complete.
            if (std::string_view(row.reason) == "pipelined" && step == ReadStep::done) continue;
            EXPECT_EQ(step, row.status == 0 ? ReadStep::done : ReadStep::refused) << row.name << " by " << piece;
            EXPECT_EQ(reader.status(), row.status) << row.name << " by " << piece;
        }
    }
}

TEST(RequestReader, GivesTheRequestAsItCame) {
    RequestReader reader(small_limits());
    ASSERT_EQ(reader.put("POST /api/x?a=1&b=%20 HTTP/1.1\r\nHost: Box:8443\r\nX-A: one\r\nx-b:  two \r\nX-A: three\r\n"
                         "Content-Length: 4\r\n\r\nbody"), ReadStep::done);
    const HttpRequest& request = reader.request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/api/x?a=1&b=%20");
    EXPECT_EQ(request.path(), "/api/x");
    EXPECT_EQ(request.query(), "a=1&b=%20");
    EXPECT_EQ(request.header("HOST"), "Box:8443");
    EXPECT_EQ(request.header("X-B"), "two");
    EXPECT_EQ(request.header("X-A"), "") << "a repeated field has no single value";
    EXPECT_EQ(request.header("X-C"), "");
    EXPECT_EQ(request.body, "body");
    EXPECT_TRUE(reader.keep_alive());
    EXPECT_FALSE(request.upgrade);
}

TEST(RequestReader, KeepsBytesBehindAnUpgradeForTheSocket) {
    RequestReader reader(small_limits());
    ASSERT_EQ(reader.put(get("Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n") + "frames"), ReadStep::done);
    EXPECT_TRUE(reader.request().upgrade);
    EXPECT_EQ(reader.leftover(), "frames");
}

TEST(RequestReader, KnowsWhenTheConnectionEndsAfterTheRequest) {
    for (const auto& [bytes, keep] : std::vector<std::pair<std::string, bool>>{
             {get(""), true}, {get("Connection: close\r\n"), false}, {get("Connection: foo, Close\r\n"), false},
             {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false}}) {
        RequestReader reader(small_limits());
        ASSERT_EQ(reader.put(bytes), ReadStep::done);
        EXPECT_EQ(reader.keep_alive(), keep) << bytes;
    }
}

TEST(RequestReader, ReadsOneRequestAfterAnother) {
    RequestReader reader(small_limits());
    ASSERT_EQ(reader.put(get("Content-Length: 3\r\n", "POST /1 HTTP/1.1") + "abc"), ReadStep::done);
    reader.reset();
    ASSERT_EQ(reader.put(get("", "GET /2 HTTP/1.1")), ReadStep::done);
    EXPECT_EQ(reader.request().target, "/2");
    EXPECT_EQ(reader.request().body, "");
}

// --- answers ---

TEST(ResponseText, CannotBeSplitByWhatAHandlerPutsIntoIt) {
    HttpResponse response;
    response.content_type = "text/plain\r\nX-Evil: 1";
    response.headers = {{"X-Good", "a\r\n\r\nbody"}, {"X Bad", "1"}, {"X-Nul", std::string("a\0b", 3)},
                        {"Content-Length", "999"}, {"Transfer-Encoding", "chunked"}};
    response.body = "hello";
    const std::string text = response_text(response, true, false, 784'111'777'000);
    EXPECT_EQ(text,
              "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plainX-Evil: 1\r\n"
              "X-Good: abody\r\nX-Nul: ab\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello");
}

TEST(ResponseText, HeadAndBodilessAnswersCarryNoBody) {
    HttpResponse response;
    response.body = "hello";
    const std::string head = response_text(response, false, true, 0);
    EXPECT_NE(head.find("Content-Length: 5\r\nConnection: close\r\n\r\n"), std::string::npos);
    EXPECT_EQ(head.find("hello"), std::string::npos);
    response.status = 204;
    const std::string none = response_text(response, true, false, 0);
    EXPECT_EQ(none.find("Content-Length"), std::string::npos);
    EXPECT_EQ(none.find("hello"), std::string::npos);
}

struct Answer {
    ReadStep step;
    int status = 0;
    std::string body;
    std::string reason;
};

Answer read_answer(const std::string& bytes, std::size_t piece, bool eof = false, std::size_t limit = 1000) {
    ResponseReader reader(limit, false);
    ReadStep step = ReadStep::more;
    for (std::size_t at = 0; at < bytes.size() && step == ReadStep::more; at += piece) {
        step = reader.put(std::string_view(bytes).substr(at, piece));
    }
    if (step == ReadStep::more && eof) step = reader.put_eof();
    Answer answer{step, 0, "", reader.reason()};
    if (reader.head_done()) {
        auto taken = reader.take();
        answer.status = taken.status;
        answer.body = taken.body;
    }
    return answer;
}

TEST(ResponseReader, ReadsEveryKindOfBody) {
    for (const std::size_t piece : {1u, 2u, 7u, 10000u}) {
        auto a = read_answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", piece);
        EXPECT_EQ(a.step, ReadStep::done);
        EXPECT_EQ(a.body, "hello") << piece;
        a = read_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: 1\r\n\r\n", piece);
        EXPECT_EQ(a.step, ReadStep::done);
        EXPECT_EQ(a.body, "hello") << piece;
        a = read_answer("HTTP/1.0 503 Busy\r\n\r\nuntil the end", piece, true);
        EXPECT_EQ(a.step, ReadStep::done);
        EXPECT_EQ(a.status, 503);
        EXPECT_EQ(a.body, "until the end") << piece;
        a = read_answer("HTTP/1.1 204 No Content\r\n\r\n", piece);
        EXPECT_EQ(a.step, ReadStep::done);
        EXPECT_EQ(a.status, 204);
    }
}

TEST(ResponseReader, PassesOverInterimAnswersButNotForEver) {
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    EXPECT_EQ(read_answer(interim + interim + "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", 10000).status, 201);
    std::string endless;
    for (int i = 0; i < 20; ++i) endless += interim;
    EXPECT_EQ(read_answer(endless, 10000).step, ReadStep::refused);
}

TEST(ResponseReader, RefusesWhatIsTooLongOrBroken) {
    EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", 10000).reason, "body_too_large");
    EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n", 10000).reason, "body_too_large");
    EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'), 10000).reason, "body_too_large");
    EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x'), 10000).reason,
              "body_too_large");
    EXPECT_EQ(read_answer("SSH-2.0-OpenSSH\r\n", 10000).step, ReadStep::refused);
    EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x'), 10000).step, ReadStep::refused);
    EXPECT_EQ(read_answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 10000, true).reason, "truncated");
    EXPECT_EQ(read_answer("", 10000, true).reason, "truncated");
}

}  // namespace
}  // namespace holdfast::net
