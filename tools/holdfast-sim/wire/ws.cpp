#include "wire/ws.hpp"

#include "base/base64.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "net/asio_loop.hpp"

#include <openssl/evp.h>

#include <array>

namespace holdfast::sim {
namespace {

constexpr std::size_t k_message_max = 16 * 1024 * 1024;
constexpr base::milliseconds k_close_handshake{3000};

std::string accept_key(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    return base::base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace

std::shared_ptr<WsPeer> WsPeer::connect(net::AsioLoop& loop, WsConnect options,
                                        WsHandler* handler) {
    std::shared_ptr<WsPeer> peer(new WsPeer);
    peer->self_ = peer;
    peer->handler_ = handler;
    peer->client_ = true;
    peer->options_ = std::move(options);
    peer->frames_ = FrameReader(peer->options_.message_max);
    peer->mask_ = base::random_u32();
    const auto& o = peer->options_;
    const bool tls = o.url.secure() && !o.route.plain;
    peer->stream_ = connect_stream(loop, endpoint_for(o.url, o.route), tls ? o.tls : nullptr,
                                   o.timeout, peer.get());
    return peer;
}

std::shared_ptr<WsPeer> WsPeer::accept(StreamPtr stream, const HttpMessage& request,
                                       std::string_view rest, WsHandler* handler,
                                       std::string_view subprotocol) {
    std::shared_ptr<WsPeer> peer(new WsPeer);
    peer->self_ = peer;
    peer->handler_ = handler;
    peer->frames_ = FrameReader(k_message_max);
    peer->stream_ = std::move(stream);
    peer->stream_->set_handler(peer.get());
    peer->open_ = true;
    peer->stream_->write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_key(request.header("Sec-WebSocket-Key")) +
        (subprotocol.empty() ? "" : "\r\nSec-WebSocket-Protocol: " + std::string(subprotocol)) +
        "\r\n\r\n");
    if (!rest.empty()) peer->frames_.feed(rest);  // read with the next bytes that arrive
    return peer;
}

WsPeer::~WsPeer() {
    stream_->set_handler(nullptr);
    stream_->close();
}

void WsPeer::on_open() {
    key_ = base::base64_encode(base::random_bytes(16));
    Headers headers{{"Host", options_.url.host_header()},
                    {"Connection", "Upgrade"},
                    {"Upgrade", "websocket"},
                    {"Sec-WebSocket-Version", "13"},
                    {"Sec-WebSocket-Key", key_}};
    headers.insert(headers.end(), options_.headers.begin(), options_.headers.end());
    stream_->write(format_request("GET", options_.url.target, headers, ""));
}

void WsPeer::on_bytes(std::string_view bytes) {
    const auto keep = self_.lock();
    if (!open_ && client_ && !broken_) return read_handshake(bytes);
    frames_.feed(bytes);
    read_frames();
}

void WsPeer::read_handshake(std::string_view bytes) {
    const auto state = handshake_.feed(bytes);
    if (state == HttpReader::State::need_more) return;
    const HttpMessage& answer = handshake_.message();
    if (state == HttpReader::State::bad || answer.status != 101) {
        broken_ = true;
        if (handler_ != nullptr) handler_->on_ws_refused(answer);
        stream_->close();
        return;
    }
    const bool good = base::equal_ignoring_case(answer.header("Upgrade"), "websocket") &&
                      answer.header("Sec-WebSocket-Accept") == accept_key(key_);
    if (!good) return violation(1002, "the 101 has a wrong Upgrade or Sec-WebSocket-Accept");
    if (!answer.header("Sec-WebSocket-Extensions").empty())
        return violation(1002, "an extension nobody offered");
    if (!answer.header("Sec-WebSocket-Protocol").empty())
        return violation(1002, "a subprotocol nobody offered");
    open_ = true;
    frames_.feed(handshake_.rest());
    if (handler_ != nullptr) handler_->on_ws_open();
    read_frames();
}

void WsPeer::read_frames() {
    Frame frame;
    while (!broken_ && !close_received_ && frames_.next(frame)) on_frame(frame);
    if (frames_.too_big() && !broken_) violation(1009, "a frame above the limit");
}

void WsPeer::on_frame(const Frame& frame) {
    const auto& s = frame.shape;
    if (s.masked == client_)
        return violation(
            1002, client_ ? "a masked frame from a server" : "an unmasked frame from a client");
    if (s.reserved != 0)
        return violation(1002, "reserved bits set though no extension was negotiated");
    if (s.opcode < k_close) return on_data(frame);
    if (!s.fin || frame.payload.size() > 125)
        return violation(1002, "a fragmented or oversized control frame");
    switch (s.opcode) {
        case k_close:
            return on_close_frame(frame.payload);
        case k_ping:
            ++pings_;
            if (answer_pings_) send_frame({k_pong, true, 0, client_}, frame.payload);
            return;
        case k_pong:
            if (handler_ != nullptr) handler_->on_ws_pong();
            return;
        default:
            return violation(1002, "opcode " + std::to_string(s.opcode));
    }
}

void WsPeer::on_data(const Frame& frame) {
    const auto& s = frame.shape;
    if (s.opcode > k_binary) return violation(1002, "opcode " + std::to_string(s.opcode));
    if ((s.opcode == k_continuation) != (message_opcode_ != 0))
        return violation(1002, "fragments out of order");
    if (s.opcode != k_continuation) message_opcode_ = s.opcode;
    std::string_view message = frame.payload;
    if (!s.fin || s.opcode == k_continuation) {
        message_ += frame.payload;
        if (message_.size() > k_message_max) return violation(1009, "a message above the limit");
        if (!s.fin) return;
        message = message_;
    }
    const std::uint8_t opcode = std::exchange(message_opcode_, std::uint8_t{0});
    if (opcode == k_text && !base::is_utf8(message))
        return violation(1007, "text that is not UTF-8");
    if (handler_ != nullptr) {
        if (opcode == k_text) {
            handler_->on_ws_text(message);
        } else {
            handler_->on_ws_binary(message.size());
        }
    }
    message_.clear();
}

void WsPeer::on_close_frame(std::string_view payload) {
    close_received_ = true;
    if (!close_sent_) {
        end_.code = payload.size() < 2
                        ? std::uint16_t{1005}
                        : static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8) |
                                                     static_cast<unsigned char>(payload[1]));
        if (payload.size() > 2) end_.reason.assign(payload.substr(2));
        send_frame({k_close, true, 0, client_}, payload.substr(0, 2));
        close_sent_ = true;
    }
    end_.clean = true;
    stream_->close();
}

void WsPeer::violation(std::uint16_t code, const std::string& what) {
    if (broken_) return;
    if (handler_ != nullptr) handler_->on_ws_violation(code, what);
    close(code, what);
    broken_ = true;
    stream_->close();
}

void WsPeer::send_frame(FrameShape shape, std::string_view payload) {
    if (!open_ || close_sent_) return;
    scratch_.clear();
    mask_ = mask_ * 1664525 + 1013904223;  // unpredictability only matters to browsers' proxies
    append_frame(scratch_, shape, mask_, payload);
    stream_->write(scratch_);
}

void WsPeer::close(std::uint16_t code, std::string_view reason) {
    if (close_sent_) return;
    if (!open_) return stream_->close();
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    payload += reason.substr(0, 123);
    send_frame({k_close, true, 0, client_}, payload);
    close_sent_ = true;
    end_.by_us = true;
    end_.code = code;
    end_.reason.assign(reason);
    stream_->end_within(k_close_handshake);
}

void WsPeer::on_end(const std::string& why) {
    end_.why = why;
    const auto keep = self_.lock();
    if (auto* handler = std::exchange(handler_, nullptr)) handler->on_ws_end(end_);
}

}  // namespace holdfast::sim
