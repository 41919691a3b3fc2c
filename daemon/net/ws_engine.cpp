#include "net/ws_engine.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <openssl/rand.h>

#include <websocketpp/client.hpp>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/config/core.hpp>
#include <websocketpp/config/core_client.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

namespace holdfast::net {

namespace {

namespace wspp = websocketpp;

constexpr std::size_t k_padding = 64;  // SIMDJSON_PADDING, promised by WsListener::on_ws_text
constexpr std::size_t k_close_reason_max = 123;

// std::random_device costs 23 us a call where the hypervisor makes the instruction slow, and every
// masked frame asks once: draw in blocks from OpenSSL's generator.
class MaskKeys {
  public:
    std::uint32_t operator()() {
        static thread_local Block block;
        if (block.used == block.keys.size()) {
            const int bytes = static_cast<int>(sizeof block.keys);
            // A predictable mask is worse than no daemon: intermediaries could be tricked.
            HOLDFAST_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(block.keys.data()), bytes) == 1);
            block.used = 0;
        }
        return block.keys[block.used++];
    }

  private:
    static constexpr std::size_t k_block = 1024;
    struct Block {
        std::array<std::uint32_t, k_block> keys;
        std::size_t used = k_block;
    };
};

// The stock message manager, except that payloads are allocated with room for the padding.
template <class Message>
class PaddedMessages : public std::enable_shared_from_this<PaddedMessages<Message>> {
  public:
    using ptr = std::shared_ptr<PaddedMessages>;
    using weak_ptr = std::weak_ptr<PaddedMessages>;
    using message_ptr = typename Message::ptr;

    message_ptr get_message() { return std::make_shared<Message>(this->shared_from_this()); }
    message_ptr get_message(wspp::frame::opcode::value op, std::size_t size) {
        return std::make_shared<Message>(this->shared_from_this(), op, size + k_padding);
    }
    bool recycle(Message*) { return false; }
};

// The iostream transport formats a line for its log at every read, whether or not anybody logs: half
// the cost of a small frame. Reads are therefore taken here; the rest of it serves as it is.
template <class Config>
class QuietConnection : public wspp::transport::iostream::connection<Config> {
  public:
    using wspp::transport::iostream::connection<Config>::connection;

    void read_all(const char* bytes, std::size_t size) {
        while (size > 0 && handler_) {
            const std::size_t n = std::min(size, space_);
            std::memcpy(to_, bytes, n);
            bytes += n;
            size -= n;
            complete(wspp::lib::error_code(), n);
        }
    }
    void eof() {
        if (handler_) complete(wspp::transport::error::make_error_code(wspp::transport::error::eof), 0);
    }

  protected:
    // Every caller asks for at least one byte.
    void async_read_at_least(std::size_t, char* to, std::size_t space, wspp::transport::read_handler handler) {
        to_ = to;
        space_ = space;
        handler_ = std::move(handler);
    }

  private:
    void complete(const wspp::lib::error_code& ec, std::size_t n) {
        const auto handler = std::exchange(handler_, nullptr);
        handler(ec, n);
    }

    char* to_ = nullptr;
    std::size_t space_ = 0;
    wspp::transport::read_handler handler_;
};

template <class Config>
class QuietEndpoint : public wspp::transport::iostream::endpoint<Config> {
  public:
    using transport_con_type = QuietConnection<Config>;
    using transport_con_ptr = typename std::shared_ptr<transport_con_type>;
};

// One loop, one thread, no extensions, no logging, no timers.
template <class Base>
struct EngineConfig : Base {
    using type = EngineConfig;
    using concurrency_type = wspp::concurrency::none;
    using message_type = wspp::message_buffer::message<PaddedMessages>;
    using con_msg_manager_type = PaddedMessages<message_type>;
    using endpoint_msg_manager_type =
        wspp::message_buffer::alloc::endpoint_msg_manager<con_msg_manager_type>;
    using elog_type = wspp::log::stub;
    using alog_type = wspp::log::stub;
    using rng_type = MaskKeys;
    static bool const enable_multithreading = false;

    struct transport_config : Base::transport_config {
        using concurrency_type = EngineConfig::concurrency_type;
        using elog_type = EngineConfig::elog_type;
        using alog_type = EngineConfig::alog_type;
        using request_type = typename Base::request_type;
        using response_type = typename Base::response_type;
        static bool const enable_multithreading = false;
    };
    using transport_type = QuietEndpoint<transport_config>;

    static const wspp::log::level elog_level = wspp::log::elevel::none;
    static const wspp::log::level alog_level = wspp::log::alevel::none;
    static const std::size_t connection_read_buffer_size = 4096;
    static const bool enable_extensions = false;
};

struct ServerConfig : EngineConfig<wspp::config::core> {
    // A server needs no masks; this saves it the 4 KiB.
    using rng_type = wspp::random::none::int_generator<std::uint32_t>;
};
struct ClientConfig : EngineConfig<wspp::config::core_client> {};

// Follows frame boundaries and does what websocketpp leaves undone: it has no limit on fragments,
// blames itself (1011) for a length that is not minimal, and checks text byte by byte, which is half
// the cost of a frame, yet overlooks a character cut off at the end of the last fragment. Text
// therefore reaches it as binary and is checked whole when it is complete.
class FrameFilter {
  public:
    explicit FrameFilter(std::size_t fragments_max) : fragments_max_(fragments_max) {}

    // How many of the bytes may pass now: up to the end of a message, so that message_is_text() tells
    // of the one being delivered; up to the end of a close frame, behind which nothing counts; or up
    // to a fault.
    std::size_t pass(char* bytes, std::size_t size) {
        std::size_t at = 0;
        while (at < size) {
            if (payload_left_ > 0) {
                const auto skip = std::min<std::uint64_t>(payload_left_, size - at);
                payload_left_ -= skip;
                at += static_cast<std::size_t>(skip);
            } else if (!take_header_byte(bytes[at])) {
                return at;
            } else {
                ++at;
            }
            if (header_bytes_ == 0 && payload_left_ == 0 && ends_step_) return at;
        }
        return size;
    }
    bool message_is_text() const { return text_; }
    wspp::close::status::value fault() const { return fault_; }

  private:
    bool take_header_byte(char& place) {
        const auto byte = static_cast<unsigned char>(place);
        if (header_bytes_ == 0) {
            const unsigned opcode = byte & 0x0fU;
            if (opcode < 0x8U) {
                fragments_ = opcode == 0 ? fragments_ + 1 : 1;
                if (fragments_ > fragments_max_) return stop(wspp::close::status::message_too_big);
            }
            ends_step_ = opcode == 0x8U || (opcode < 0x8U && (byte & 0x80U) != 0);
            if (opcode == 0x1U || opcode == 0x2U) text_ = opcode == 0x1U;
            if (opcode == 0x1U) place = static_cast<char>(byte ^ 0x3U);
        } else if (header_bytes_ == 1) {
            const unsigned length = byte & 0x7fU;
            length_bytes_ = length == 127 ? 8U : length == 126 ? 2U : 0U;
            mask_bytes_ = (byte & 0x80U) != 0 ? 4U : 0U;
            length_ = length_bytes_ == 0 ? length : 0;
        } else if (header_bytes_ < 2 + length_bytes_) {
            length_ = (length_ << 8U) | byte;
            const bool last = header_bytes_ + 1 == 2 + length_bytes_;
            if (last && length_ < (length_bytes_ == 2 ? 126U : 65536U)) {
                return stop(wspp::close::status::protocol_error);
            }
        }
        ++header_bytes_;
        if (header_bytes_ >= 2 && header_bytes_ == 2 + length_bytes_ + mask_bytes_) {
            payload_left_ = length_;
            header_bytes_ = 0;
        }
        return true;
    }

    bool stop(wspp::close::status::value fault) {
        fault_ = fault;
        return false;
    }

    std::size_t fragments_max_;
    wspp::close::status::value fault_ = wspp::close::status::normal;
    std::size_t fragments_ = 0;
    bool text_ = false;  // the data message that began last
    bool ends_step_ = false;  // the frame being read
    unsigned header_bytes_ = 0;
    unsigned length_bytes_ = 0;
    unsigned mask_bytes_ = 0;
    std::uint64_t length_ = 0;
    std::uint64_t payload_left_ = 0;
};

// At most 123 bytes, cut between characters.
std::string close_reason(std::string_view reason) {
    std::size_t size = std::min(reason.size(), k_close_reason_max);
    if (size < reason.size()) {
        while (size > 0 && (static_cast<unsigned char>(reason[size]) & 0xc0U) == 0x80U) --size;
    }
    std::string out(reason.substr(0, size));
    return base::is_utf8(out) ? out : std::string();
}

// Eight bytes at a time as long as it is ASCII, which nearly all of our text is.
bool is_text(std::string_view text) {
    std::size_t at = 0;
    std::uint64_t word = 0;
    for (; at + sizeof word <= text.size(); at += sizeof word) {
        std::memcpy(&word, text.data() + at, sizeof word);
        if ((word & 0x8080808080808080U) != 0) break;
    }
    return base::is_utf8(text.substr(at));
}

template <class Config, template <class> class Role>
class Engine : public WsEngine {
  public:
    using Endpoint = Role<Config>;
    using Connection = typename Endpoint::connection_ptr;
    using Message = typename Endpoint::message_ptr;

    Engine(WsEngineUser& user, const WsLimits& limits) : user_(user), frames_(limits.fragments_max) {
        endpoint_.set_user_agent("");
        endpoint_.set_max_message_size(limits.message_bytes_max);
    }

    ~Engine() override {
        // Releases the read handler, through which the connection holds itself.
        if (con_) guarded([this] { con_->eof(); });
    }

    bool accept(const std::string&) override { return false; }

    void feed(char* bytes, std::size_t size) override {
        while (size > 0 && !finished()) {
            const std::size_t pass = frames_.pass(bytes, size);
            guarded([&] { con_->read_all(bytes, pass); });
            if (frames_.fault() != wspp::close::status::normal) fail(frames_.fault(), "unacceptable frame");
            note_close();
            bytes += pass;
            size -= pass;
        }
    }

    // The frame is prepared here: the library would check the text byte by byte and copy it twice.
    bool send_text(std::string_view text) override {
        if (!open() || !is_text(text)) return false;
        return guarded([&] {
            namespace frame = wspp::frame;
            const auto message = con_->get_message(frame::opcode::text, text.size());
            std::string& payload = message->get_raw_payload();
            payload.assign(text);
            const frame::basic_header head(frame::opcode::text, text.size(), true, k_masks);
            if constexpr (k_masks) {
                frame::masking_key_type key;
                key.i = mask_keys_();
                for (std::size_t i = 0; i < payload.size(); ++i) {
                    payload[i] = static_cast<char>(payload[i] ^ key.c[i % 4]);
                }
                message->set_header(frame::prepare_header(head, frame::extended_header(text.size(), key.i)));
            } else {
                message->set_header(frame::prepare_header(head, frame::extended_header(text.size())));
            }
            message->set_prepared(true);
            return !con_->send(message);
        });
    }

    void ping() override {
        guarded([&] {
            wspp::lib::error_code ignored;  // not open any more: the close is on its way
            con_->ping("", ignored);
        });
    }

    void close(std::uint16_t code, std::string_view reason) override {
        if (!open()) return;
        asked_to_close_ = true;
        const bool sendable = !wspp::close::status::invalid(code) && !wspp::close::status::reserved(code);
        const auto used = sendable ? code : wspp::close::status::internal_endpoint_error;
        guarded([&] {
            wspp::lib::error_code ec;
            con_->close(used, close_reason(reason), ec);
            if (ec) broken_ = true;
        });
        note_close();
    }

    bool open() const override {
        return !broken_ && con_->get_state() == wspp::session::state::open;
    }
    bool finished() const override {
        if (open()) return false;
        return broken_ || failed_ || con_->get_state() == wspp::session::state::closed ||
               (remote_code() != 0 && local_code() != 0);
    }
    bool failed() const override { return failed_; }
    std::uint16_t local_code() const override {
        return broken_ && local_code_ == 0 ? wspp::close::status::internal_endpoint_error : local_code_;
    }
    std::uint16_t remote_code() const override { return known(con_->get_remote_close_code()); }
    std::string remote_reason() const override { return con_->get_remote_close_reason(); }

  protected:
    // 1006 is websocketpp's initial value, and no close frame can carry it.
    static std::uint16_t known(wspp::close::status::value code) {
        return code == wspp::close::status::abnormal_close ? std::uint16_t{0} : code;
    }

    // The library forgets its close code when more garbage follows: the first one is what was sent.
    void note_close() {
        if (local_code_ == 0) local_code_ = known(con_->get_local_close_code());
        if (!open() && !asked_to_close_ && !acknowledged()) failed_ = true;
    }

    // We left the open state because of a proper close frame: it is answered with its own code, or
    // with 1000 when it had none. Any other answer is our complaint about what came.
    bool acknowledged() const {
        const auto remote = remote_code();
        const auto expected = remote == wspp::close::status::no_status ? wspp::close::status::normal : remote;
        return remote != 0 && local_code() == expected;
    }

    void fail(wspp::close::status::value code, const char* why) {
        failed_ = true;
        guarded([&] {
            wspp::lib::error_code closing_already;
            con_->close(code, why, closing_already);
        });
        note_close();
    }

    // Runs `f` in the library; an exception of its makes the engine broken, never flies on.
    template <class F>
    bool guarded(F&& f) noexcept {
        try {
            if constexpr (std::is_same_v<decltype(f()), bool>) {
                return f();
            } else {
                f();
                return true;
            }
        } catch (const std::exception&) {
            broken_ = true;
            return false;
        }
    }

    void install(Connection con) {
        con_ = std::move(con);
        con_->set_vector_write_handler(
            [this](wspp::connection_hdl, const std::vector<wspp::transport::buffer>& parts) {
                return write(parts);
            });
        con_->set_write_handler([this](wspp::connection_hdl, const char* bytes, std::size_t size) {
            user_.on_engine_bytes(std::string(bytes, size));
            return wspp::lib::error_code();
        });
        con_->set_message_handler([this](wspp::connection_hdl, Message m) { deliver(*m); });
        con_->set_ping_handler(
            [this](wspp::connection_hdl, const std::string&) { return user_.on_engine_ping(); });
        con_->set_pong_handler(
            [this](wspp::connection_hdl, const std::string&) { user_.on_engine_pong(); });
    }

    wspp::lib::error_code write(const std::vector<wspp::transport::buffer>& parts) {
        std::size_t size = 0;
        for (const auto& part : parts) size += part.len;
        std::string bytes;
        bytes.reserve(size);
        for (const auto& part : parts) bytes.append(part.buf, part.len);
        user_.on_engine_bytes(std::move(bytes));
        return {};
    }

    void deliver(typename Config::message_type& message) {
        std::string& payload = message.get_raw_payload();
        if (!frames_.message_is_text()) return user_.on_engine_binary(payload.size());
        if (!is_text(payload)) return fail(wspp::close::status::invalid_payload, "invalid UTF-8");
        if (payload.capacity() - payload.size() < k_padding) payload.reserve(payload.size() + k_padding);
        user_.on_engine_text(payload);
    }

    static constexpr bool k_masks = std::is_same_v<typename Config::rng_type, MaskKeys>;

    WsEngineUser& user_;
    FrameFilter frames_;
    typename Config::rng_type mask_keys_;
    Endpoint endpoint_;  // outlives con_, which refers to its random generator
    Connection con_;
    std::uint16_t local_code_ = 0;
    bool asked_to_close_ = false;
    bool failed_ = false;
    bool broken_ = false;
};

class ServerEngine final : public Engine<ServerConfig, wspp::server> {
  public:
    using Engine::Engine;

    bool start(const std::string& key, const std::string& subprotocol) {
        install(endpoint_.get_connection());
        con_->set_validate_handler([this, subprotocol](wspp::connection_hdl) {
            wspp::lib::error_code ec;
            con_->select_subprotocol(subprotocol, ec);
            return !ec;
        });
        std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key;
        if (!subprotocol.empty()) head += "\r\nSec-WebSocket-Protocol: " + subprotocol;
        head += "\r\n\r\n";
        guarded([&] {
            con_->start();
            con_->read_all(head.data(), head.size());
        });
        return open();
    }
};

class ClientEngine final : public Engine<ClientConfig, wspp::client> {
  public:
    using Engine::Engine;

    bool start(const Url& url, const std::vector<std::pair<std::string, std::string>>& headers,
               const std::vector<std::string>& subprotocols) {
        const bool v6 = url.host.find(':') != std::string::npos;
        const auto uri = std::make_shared<wspp::uri>(
            url.secure(), v6 ? "[" + url.host + "]" : url.host, url.port, url.target);
        endpoint_.set_secure(true);  // lets it accept wss; what is below it, it need not know
        return guarded([&] {
            wspp::lib::error_code ec;
            auto con = endpoint_.get_connection(uri, ec);
            if (ec) return false;
            install(con);
            for (const auto& [name, value] : headers) con->append_header(name, value);
            for (const auto& name : subprotocols) con->add_subprotocol(name);
            endpoint_.connect(con);
            return true;
        });
    }

    bool accept(const std::string& accept_value) override {
        const std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept_value + "\r\n\r\n";
        guarded([&] { con_->read_all(head.data(), head.size()); });
        return open();
    }
};

bool is_field(const std::pair<std::string, std::string>& field) {
    const auto token = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
    };
    const auto text = [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); };
    const auto& [name, value] = field;
    return !name.empty() && std::all_of(name.begin(), name.end(), token) &&
           std::all_of(value.begin(), value.end(), text);
}

}  // namespace

std::unique_ptr<WsEngine> WsEngine::serve(WsEngineUser& user, const WsLimits& limits,
                                          const std::string& key, const std::string& subprotocol) {
    auto engine = std::make_unique<ServerEngine>(user, limits);
    if (!engine->start(key, subprotocol)) return nullptr;
    return engine;
}

std::unique_ptr<WsEngine> WsEngine::request(WsEngineUser& user, const WsLimits& limits, const Url& url,
                                            const std::vector<std::pair<std::string, std::string>>& headers,
                                            const std::vector<std::string>& subprotocols) {
    if (!std::all_of(headers.begin(), headers.end(), is_field)) return nullptr;
    auto engine = std::make_unique<ClientEngine>(user, limits);
    if (!engine->start(url, headers, subprotocols)) return nullptr;
    return engine;
}

}  // namespace holdfast::net
