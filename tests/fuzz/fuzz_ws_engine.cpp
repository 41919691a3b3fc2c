// The WebSocket engine in both roles: whatever the peer sends, cut however the network likes, the same
// messages are heard and the same bytes are answered; texts are UTF-8, padded and within the limits.
#include "base/text.hpp"
#include "fuzz.hpp"
#include "net/ws_engine.hpp"

#include <algorithm>
#include <string>

namespace {

using namespace holdfast;

constexpr std::size_t k_message_max = 4096;

class Keeper : public net::WsEngineUser {
  public:
    void on_engine_bytes(std::string&& bytes) noexcept override { out += bytes; }
    void on_engine_text(std::string_view text) noexcept override {
        FUZZ_CHECK(base::is_utf8(text) && text.size() <= k_message_max);
        volatile char sum = 0;
        for (std::size_t i = 0; i < 64; ++i) sum = static_cast<char>(sum ^ text.data()[text.size() + i]);
        heard.append("T").append(text).append("|");
    }
    void on_engine_binary(std::size_t bytes) noexcept override {
        FUZZ_CHECK(bytes <= k_message_max);
        heard += "B" + std::to_string(bytes) + "|";
    }
    bool on_engine_ping() noexcept override {
        heard += "ping|";
        return true;
    }
    void on_engine_pong() noexcept override { heard += "pong|"; }

    std::string out;
    std::string heard;
};

net::WsLimits limits() {
    net::WsLimits limits;
    limits.message_bytes_max = k_message_max;
    limits.fragments_max = 8;
    return limits;
}

struct Outcome {
    std::string heard;
    std::string out;  // the server's answers; a client's are masked at random
    bool open;
    bool failed;
    std::uint16_t local;
    std::uint16_t remote;
    bool operator==(const Outcome& o) const {
        return heard == o.heard && out == o.out && open == o.open && failed == o.failed && local == o.local &&
               remote == o.remote;
    }
};

Outcome run(net::WsEngine& engine, Keeper& keeper, std::string_view input, std::size_t piece, bool with_out) {
    keeper.out.clear();
    for (std::size_t at = 0; at < input.size(); at += piece) {
        std::string part(input.substr(at, piece));
        engine.feed(part.data(), part.size());
        FUZZ_CHECK(!engine.failed() || engine.finished());
        FUZZ_CHECK(!engine.finished() || !engine.open());
    }
    return {keeper.heard, with_out ? keeper.out : "", engine.open(), engine.failed(), engine.local_code(),
            engine.remote_code()};
}

Outcome as_server(std::string_view input, std::size_t piece) {
    Keeper keeper;
    const auto engine = net::WsEngine::serve(keeper, limits(), "dGhlIHNhbXBsZSBub25jZQ==", "");
    return run(*engine, keeper, input, piece, true);
}

Outcome as_client(std::string_view input, std::size_t piece) {
    static const auto url = *net::parse_url("ws://localhost/");
    Keeper keeper;
    const auto engine = net::WsEngine::request(keeper, limits(), url, {}, {});
    const std::string name = "Sec-WebSocket-Key: ";
    const std::string key = keeper.out.substr(keeper.out.find(name) + name.size(), 24);
    Keeper peer;
    const auto server = net::WsEngine::serve(peer, limits(), key, "");
    const std::string accept = "Sec-WebSocket-Accept: ";
    FUZZ_CHECK(engine->accept(peer.out.substr(peer.out.find(accept) + accept.size(), 28)));
    return run(*engine, keeper, input, piece, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t piece = 1 + data[0] % 16U;
    const auto input = fuzz::text(data + 1, size - 1);
    const std::size_t whole = std::max<std::size_t>(input.size(), 1);
    FUZZ_CHECK(as_server(input, piece) == as_server(input, whole));
    FUZZ_CHECK(as_client(input, piece) == as_client(input, whole));
    return 0;
}
