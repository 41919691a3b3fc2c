#include "net/ws_engine.hpp"
#include "ws_frames.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace holdfast::net {
namespace {

// Whatever the engine says, kept in order.
class Keeper : public WsEngineUser {
  public:
    void on_engine_bytes(std::string&& bytes) noexcept override { out += bytes; }
    void on_engine_text(std::string_view text) noexcept override {
        // The promised padding is there to be read.
        volatile char sum = 0;
        for (std::size_t i = 0; i < 64; ++i) sum = static_cast<char>(sum ^ text.data()[text.size() + i]);
        heard += "T" + std::string(text) + "|";
    }
    void on_engine_binary(std::size_t bytes) noexcept override { heard += "B" + std::to_string(bytes) + "|"; }
    bool on_engine_ping() noexcept override {
        heard += "ping|";
        return answer_pings;
    }
    void on_engine_pong() noexcept override { heard += "pong|"; }

    std::string out;
    std::string heard;
    bool answer_pings = true;
};

const std::string k_key = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string k_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";  // RFC 6455 section 1.3

struct Server {
    explicit Server(WsLimits limits = {}) : engine(WsEngine::serve(keeper, limits, k_key, "")) {
        head = std::exchange(keeper.out, "");
    }
    void feed(std::string bytes) const { engine->feed(bytes.data(), bytes.size()); }

    Keeper keeper;
    std::unique_ptr<WsEngine> engine;
    std::string head;
};

std::string fragment(unsigned opcode, const std::string& payload, bool last) {
    FrameWish wish;
    wish.first_byte = (last ? k_fin : 0) | opcode;
    return frame(payload, wish);
}

TEST(WsEngine, ServerAnswersTheExampleOfTheRfc) {
    const Server server;
    EXPECT_EQ(server.head.rfind("HTTP/1.1 101 Switching Protocols\r\n", 0), 0u);
    EXPECT_NE(server.head.find("Sec-WebSocket-Accept: " + k_accept), std::string::npos);
    EXPECT_EQ(server.head.find("Extensions"), std::string::npos);
    EXPECT_TRUE(server.engine->open());
}

TEST(WsEngine, EchoesTheChosenSubprotocol) {
    Keeper keeper;
    const auto engine = WsEngine::serve(keeper, WsLimits{}, k_key, "chat.v1");
    ASSERT_TRUE(engine);
    EXPECT_NE(keeper.out.find("Sec-WebSocket-Protocol: chat.v1\r\n"), std::string::npos);
}

struct Conversation {
    const char* name;
    std::string bytes;
    std::string heard;
    unsigned close_code;  // of the frame the server sends, 0: none
    bool failed = false;
};

std::vector<Conversation> conversations() {
    const std::string umlaut = "gr\xc3\xbc\xc3\x9f";
    FrameWish unmasked;
    unmasked.masked = false;
    FrameWish reserved1, reserved3, opcode3, opcode_b, long_ping, split_ping, wide;
    reserved1.first_byte = k_fin | 0x40 | 0x1;
    reserved3.first_byte = k_fin | 0x10 | 0x1;
    opcode3.first_byte = k_fin | 0x3;
    opcode_b.first_byte = k_fin | 0xb;
    long_ping.first_byte = k_fin | 0x9;
    split_ping.first_byte = 0x9;
    std::string sixty_five = fragment(1, "a", false);
    for (int i = 0; i < 63; ++i) sixty_five += fragment(0, "b", false);
    const std::string sixty_four_done = sixty_five.substr(0, sixty_five.size() - 7) + fragment(0, "e", true);
    std::string sixty_four_heard = "Ta" + std::string(62, 'b') + "e|";
    return {
        {"text", text_frame("hello"), "Thello|", 0},
        {"empty", text_frame(""), "T|", 0},
        {"two", text_frame("a") + text_frame("b"), "Ta|Tb|", 0},
        {"medium", text_frame(std::string(300, 'x')), "T" + std::string(300, 'x') + "|", 0},
        {"long", text_frame(std::string(65536, 'x')), "T" + std::string(65536, 'x') + "|", 0},
        {"utf8", text_frame(umlaut), "T" + umlaut + "|", 0},
        {"binary", control_frame(2, "12345"), "B5|", 0},
        {"text_then_binary_then_text", text_frame("a") + control_frame(2, "\xff") + text_frame("b"), "Ta|B1|Tb|", 0},
        {"fragments_then_bad_text", fragment(1, "a", false) + fragment(0, "b", true) + text_frame("\xff"), "Tab|", 1007, true},
        {"fragmented_binary", fragment(2, "a\xff", false) + control_frame(9, "") + fragment(0, "b", true), "ping|B3|", 0},
        {"cut_character_then_more", fragment(1, "a", false) + fragment(0, "\xe2\x82", true) + text_frame("b"), "", 1007, true},
        {"fragments", fragment(1, "a", false) + fragment(0, "b", false) + fragment(0, "c", true), "Tabc|", 0},
        {"ping_between_fragments", fragment(1, "a", false) + control_frame(9, "p") + fragment(0, "c", true), "ping|Tac|", 0},
        {"split_character", fragment(1, "\xc3", false) + fragment(0, "\xbc", true), "T\xc3\xbc|", 0},
        {"sixty_four_fragments", sixty_four_done, sixty_four_heard, 0},
        {"pong", control_frame(10, ""), "pong|", 0},
        {"close", control_frame(8, close_payload(1000, "bye")), "", 1000},
        {"close_4000", control_frame(8, close_payload(4000)), "", 4000},
        {"close_empty", control_frame(8, ""), "", 1000},
        {"text_after_close", control_frame(8, close_payload(1001)) + text_frame("late"), "", 1001},
        {"garbage_after_close", control_frame(8, close_payload(1001)) + "=t garbage", "", 1001},
        {"sixty_five_fragments", sixty_five + fragment(0, "b", false), "", 1009, true},
        {"endless_empty_fragments", fragment(1, "", false) + [] {
             std::string many;
             for (int i = 0; i < 200; ++i) many += fragment(0, "", false);
             return many;
         }(), "", 1009, true},
        {"above_the_limit", frame("", {k_fin | 0x1, true, 65537}), "", 1009, true},
        {"far_above_the_limit", frame("", {k_fin | 0x1, true, 10'000'000'000ULL}), "", 1009, true},
        {"sum_above_the_limit", fragment(1, std::string(40000, 'x'), false) + fragment(0, std::string(40000, 'x'), true), "", 1009, true},
        {"unmasked", text_frame("good") + frame("bad", unmasked), "Tgood|", 1002, true},
        {"reserved_bit_1_as_in_compressed", frame("x", reserved1), "", 1002, true},
        {"reserved_bit_3", frame("x", reserved3), "", 1002, true},
        {"opcode_3", frame("x", opcode3), "", 1002, true},
        {"opcode_b", frame("x", opcode_b), "", 1002, true},
        {"continuation_without_start", fragment(0, "x", true), "", 1002, true},
        {"text_within_fragments", fragment(1, "a", false) + text_frame("b"), "", 1002, true},
        {"long_ping", frame(std::string(126, 'p'), long_ping), "", 1002, true},
        {"fragmented_ping", frame("p", split_ping), "", 1002, true},
        {"length_not_minimal", std::string("\x81\xfe\x00\x05\x11\x22\x33\x44", 8) + "abcde", "", 1002, true},
        {"bad_utf8", text_frame("\xff"), "", 1007, true},
        {"overlong_utf8", text_frame("\xc0\xaf"), "", 1007, true},
        {"surrogate", text_frame("\xed\xa0\x80"), "", 1007, true},
        {"cut_character", text_frame("a\xc3"), "", 1007, true},
        {"cut_character_in_last_fragment", fragment(1, "a", false) + fragment(0, "\xe2\x82", true), "", 1007, true},
        {"close_code_1005", control_frame(8, close_payload(1005)), "", 1002, true},
        {"close_code_999", control_frame(8, close_payload(999)), "", 1002, true},
        {"close_code_1006", control_frame(8, close_payload(1006)), "", 1002, true},
        {"close_reason_bad_utf8", control_frame(8, close_payload(1000, "\xff")), "", 1002, true},
    };
}

void expect_outcome(const Conversation& c, Server& server, const std::string& how) {
    EXPECT_EQ(server.keeper.heard, c.heard) << c.name << how;
    EXPECT_EQ(close_code_in(server.keeper.out), c.close_code) << c.name << how;
    EXPECT_EQ(server.engine->local_code(), c.close_code) << c.name << how;
    EXPECT_EQ(server.engine->open(), c.close_code == 0) << c.name << how;
    EXPECT_EQ(server.engine->finished(), c.close_code != 0) << c.name << how;
    EXPECT_EQ(server.engine->failed(), c.failed) << c.name << how;
}

TEST(WsEngine, ServerActsAlikeHoweverTheBytesAreCut) {
    for (const auto& c : conversations()) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{4096}, c.bytes.size()}) {
            Server server;
            for (std::size_t at = 0; at < c.bytes.size(); at += piece) server.feed(c.bytes.substr(at, piece));
            expect_outcome(c, server, " in pieces of " + std::to_string(piece));
        }
    }
}

TEST(WsEngine, PongCarriesThePayloadOfThePing) {
    Server server;
    server.feed(control_frame(9, "are you there"));
    EXPECT_EQ(server.keeper.out, control_frame(10, "are you there", false));
}

TEST(WsEngine, LeavesAPingUnansweredWhenItsOwnerSaysSo) {
    Server server;
    server.keeper.answer_pings = false;
    server.feed(control_frame(9, "x"));
    EXPECT_EQ(server.keeper.out, "");
}

TEST(WsEngine, RefusesToSendInvalidUtf8AndStaysOpen) {
    Server server;
    EXPECT_FALSE(server.engine->send_text("\xff"));
    EXPECT_TRUE(server.engine->send_text("fine"));
    EXPECT_TRUE(server.engine->open());
}

TEST(WsEngine, ReplacesACloseCodeThatMustNotBeSent) {
    for (const unsigned code : {0u, 999u, 1004u, 1005u, 1006u, 1015u, 5000u}) {
        Server server;
        server.engine->close(static_cast<std::uint16_t>(code), "");
        EXPECT_EQ(close_code_in(server.keeper.out), 1011u) << code;
    }
}

TEST(WsEngine, CutsALongReasonBetweenCharacters) {
    Server server;
    std::string reason(122, 'a');
    server.engine->close(1000, reason + "\xc3\xbc");
    EXPECT_EQ(server.keeper.out, control_frame(8, close_payload(1000, reason), false));
}

TEST(WsEngine, WaitsForThePeersHalfOfAPoliteClose) {
    Server server;
    server.engine->close(1000, "done");
    EXPECT_FALSE(server.engine->open());
    EXPECT_FALSE(server.engine->finished());
    server.feed(control_frame(8, close_payload(1000)));
    EXPECT_TRUE(server.engine->finished());
    EXPECT_FALSE(server.engine->failed());
}

TEST(WsEngine, GarbageInsteadOfThePeersHalfEndsTheClose) {
    Server server;
    server.engine->close(4005, "done");
    server.feed("=t garbage");
    EXPECT_TRUE(server.engine->finished());
    EXPECT_EQ(server.engine->local_code(), 4005);
}

TEST(WsEngine, TooManyFragmentsInsteadOfThePeersHalfEndTheClose) {
    Server server;
    server.engine->close(4005, "done");
    server.feed(fragment(1, "", false));
    for (int i = 0; i < 100; ++i) server.feed(fragment(0, "", false));
    EXPECT_TRUE(server.engine->finished());
    EXPECT_EQ(server.engine->local_code(), 4005);
}

TEST(WsEngine, NothingAfterCloseIsSent) {
    Server server;
    server.engine->close(1000, "");
    const auto sent = server.keeper.out;
    EXPECT_FALSE(server.engine->send_text("late"));
    server.engine->ping();
    server.engine->close(1001, "");
    EXPECT_EQ(server.keeper.out, sent);
}

// --- client role ---

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Client {
    explicit Client(const Fields& headers = {}, const char* url = "ws://example.com:8080/path?x=1",
                    const std::vector<std::string>& subprotocols = {})
        : engine(WsEngine::request(keeper, WsLimits{}, *parse_url(url), headers, subprotocols)) {
        head = std::exchange(keeper.out, "");
    }
    std::string key() const {
        const std::string name = "Sec-WebSocket-Key: ";
        const auto at = head.find(name) + name.size();
        return head.substr(at, head.find("\r\n", at) - at);
    }
    Keeper keeper;
    std::unique_ptr<WsEngine> engine;
    std::string head;
};

TEST(WsEngine, ClientAsksForAnUpgradeWithoutExtensions) {
    const Client client({{"Authorization", "Bearer abc"}, {"X-Two", "a, b"}}, "wss://example.com/path?x=1", {"realtime", "v2"});
    ASSERT_TRUE(client.engine);
    EXPECT_EQ(client.head.rfind("GET /path?x=1 HTTP/1.1\r\n", 0), 0u);
    for (const char* part : {"Host: example.com\r\n", "Authorization: Bearer abc\r\n", "X-Two: a, b\r\n",
                             "Sec-WebSocket-Protocol: realtime, v2\r\n", "Sec-WebSocket-Version: 13\r\n", "Upgrade: websocket\r\n"}) {
        EXPECT_NE(client.head.find(part), std::string::npos) << part << client.head;
    }
    EXPECT_EQ(client.head.find("Extensions"), std::string::npos);
    EXPECT_EQ(client.key().size(), 24u);
    EXPECT_EQ(client.head.substr(client.head.size() - 4), "\r\n\r\n");
}

TEST(WsEngine, ClientNamesPortAndBracketsInHost) {
    EXPECT_NE(Client().head.find("Host: example.com:8080\r\n"), std::string::npos);
    EXPECT_NE(Client({}, "ws://[::1]:9/").head.find("Host: [::1]:9\r\n"), std::string::npos);
}

TEST(WsEngine, ClientRefusesHeadersThatWouldSplitTheRequest) {
    EXPECT_FALSE(Client(Fields{{"X-Bad", "a\r\nEvil: 1"}}).engine);
    EXPECT_FALSE(Client(Fields{{"X Bad", "a"}}).engine);
    EXPECT_FALSE(Client(Fields{{"", "a"}}).engine);
}

TEST(WsEngine, ClientRefusesAWrongAccept) {
    Client client;
    EXPECT_FALSE(client.engine->accept(k_accept));
    EXPECT_FALSE(client.engine->open());
}

TEST(WsEngine, BothRolesTalkToEachOther) {
    Client client;
    Keeper keeper;
    const auto server = WsEngine::serve(keeper, WsLimits{}, client.key(), "");
    const std::string name = "Sec-WebSocket-Accept: ";
    const auto at = keeper.out.find(name) + name.size();
    ASSERT_TRUE(client.engine->accept(keeper.out.substr(at, 28)));
    keeper.out.clear();

    std::string expected;
    for (int i = 0; i < 2000; ++i) {
        const std::string text = std::to_string(i) + std::string(static_cast<std::size_t>(i % 500), 'x');
        expected += "T" + text + "|";
        ASSERT_TRUE(client.engine->send_text(text));
        ASSERT_TRUE(server->send_text(text));
        std::string to_server = std::exchange(client.keeper.out, "");
        std::string to_client = std::exchange(keeper.out, "");
        server->feed(to_server.data(), to_server.size());
        client.engine->feed(to_client.data(), to_client.size());
    }
    EXPECT_EQ(keeper.heard, expected);
    EXPECT_EQ(client.keeper.heard, expected);
}

TEST(WsEngine, MasksDiffer) {
    Client client;
    const auto accept_for = [&] {
        Keeper keeper;
        const auto server = WsEngine::serve(keeper, WsLimits{}, client.key(), "");
        const std::string name = "Sec-WebSocket-Accept: ";
        return keeper.out.substr(keeper.out.find(name) + name.size(), 28);
    };
    ASSERT_TRUE(client.engine->accept(accept_for()));
    std::vector<std::string> keys;
    for (int i = 0; i < 1500; ++i) {  // over one block of keys
        client.engine->send_text("x");
        keys.push_back(std::exchange(client.keeper.out, "").substr(2, 4));
    }
    std::sort(keys.begin(), keys.end());
    EXPECT_LT(keys.end() - std::unique(keys.begin(), keys.end()), 3);
}

TEST(WsEngine, ClientRefusesMaskedFrames) {
    Client client;
    Keeper keeper;
    const auto server = WsEngine::serve(keeper, WsLimits{}, client.key(), "");
    const std::string name = "Sec-WebSocket-Accept: ";
    ASSERT_TRUE(client.engine->accept(keeper.out.substr(keeper.out.find(name) + name.size(), 28)));
    std::string masked = text_frame("x");
    client.engine->feed(masked.data(), masked.size());
    EXPECT_TRUE(client.engine->failed());
    EXPECT_EQ(client.engine->local_code(), 1002);
}

}  // namespace
}  // namespace holdfast::net
