#include "relay/relay.hpp"

#include "base/text.hpp"
#include "base/timer.hpp"
#include "events.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

namespace holdfast::sim {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TimePoint = base::TimePoint;

constexpr std::size_t k_read_bytes = 16 * 1024;
// A thin line keeps little of what it cannot carry yet, and nor does our end of the socket: the sender has to notice.
constexpr std::size_t k_thin_line_bytes = 8 * 1024;
constexpr int k_socket_bytes = 32 * 1024;
constexpr base::milliseconds k_connect_timeout{5000};
constexpr std::int64_t k_ms_max = 600'000;
constexpr char k_verbs[] = "delay MS, jitter MS, rate KBPS, stall, truncate BYTES, flip, reset, close, refuse, heal";

base::Error wrong(std::string detail) { return base::make_error(base::Condition::reject, "usage", std::move(detail)); }

void reset_socket(tcp::socket& socket) {
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

class RelayServer;

// One accepted connection and the one behind it.
class Pair : public std::enable_shared_from_this<Pair> {
  public:
    Pair(RelayServer& relay, tcp::socket client);
    void start();
    void reset_both();
    void half_close(Way way);
    void spoiled();  // the relay's Spoil has changed

  private:
    struct Piece {
        std::vector<char> bytes;
        TimePoint due;
    };
    // Bytes that go one way: read from `from`, wait, written to `to`.
    struct Half {
        explicit Half(base::Loop& loop) : timer(loop) {}
        tcp::socket* from = nullptr;
        tcp::socket* to = nullptr;
        std::deque<Piece> waiting;
        std::vector<char> going;  // being written
        std::size_t waiting_bytes = 0;
        std::vector<char> incoming = std::vector<char>(k_read_bytes);
        bool reading = false, writing = false, ended = false, shut = false;
        TimePoint line_free_at{}, last_due{};
        std::int64_t truncate = -1, left = -1;  // as commanded; what is left of it
        base::Timer timer;
    };
    Half& half(Way way) { return way == Way::up ? up_ : down_; }
    void read(Way way);
    void on_read(Way way, const error_code& ec, std::size_t size);
    void pump(Way way);
    void finish();

    RelayServer& relay_;
    tcp::socket client_, target_;
    Half up_, down_;
    base::Timer connect_timer_;
    bool gone_ = false;
};

class RelayServer final : public Relay {
  public:
    RelayServer(net::AsioLoop& event_loop, const RelayOptions& options, EventLog& events)
        : loop(event_loop), options_(options), events_(events), acceptor_(event_loop.io()), random_(options.seed) {}
    ~RelayServer() override {
        error_code ignored;
        acceptor_.close(ignored);
        for (const auto& pair : std::set<std::shared_ptr<Pair>>(pairs_)) pair->reset_both();
    }

    base::Result<void> listen() {
        error_code ec;
        const auto address = asio::ip::make_address(options_.address, ec);
        const auto target = ec ? asio::ip::address() : asio::ip::make_address(options_.target_host, ec);
        if (ec) return wrong("addresses are numeric: " + ec.message());
        target_ = tcp::endpoint(target, options_.target_port);
        const tcp::endpoint at(address, options_.port);
        if (acceptor_.open(at.protocol(), ec)) return wrong(ec.message());
        acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
        acceptor_.set_option(tcp::acceptor::receive_buffer_size(k_socket_bytes), ec);
        if (acceptor_.bind(at, ec) || acceptor_.listen(tcp::acceptor::max_listen_connections, ec)) return wrong(ec.message());
        accept();
        return {};
    }
    std::uint16_t port() const override {
        error_code ignored;
        return acceptor_.local_endpoint(ignored).port();
    }
    std::size_t connections() const override { return pairs_.size(); }
    std::array<std::uint64_t, 2> bytes() const override { return bytes_; }
    base::Result<void> command(std::string_view line) override;

    const Spoil& spoil(Way way) const { return spoils_[static_cast<std::size_t>(way)]; }
    Spoil& spoil(Way way) { return spoils_[static_cast<std::size_t>(way)]; }
    const tcp::endpoint& target() const { return target_; }
    std::int64_t chance(std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random_); }
    void passed(Way way, std::size_t size) { bytes_[static_cast<std::size_t>(way)] += size; }
    void forget(const std::shared_ptr<Pair>& pair) { pairs_.erase(pair); }

    net::AsioLoop& loop;

  private:
    void accept() {
        acceptor_.async_accept([this](const error_code& ec, tcp::socket socket) {
            if (ec == asio::error::operation_aborted || !acceptor_.is_open()) return;
            if (!ec) {
                if (refuse_ || pairs_.size() >= k_connections_max) {
                    reset_socket(socket);
                } else {
                    const auto pair = std::make_shared<Pair>(*this, std::move(socket));
                    pairs_.insert(pair);
                    pair->start();
                }
            }
            accept();
        });
    }

    const RelayOptions options_;
    EventLog& events_;
    tcp::acceptor acceptor_;
    tcp::endpoint target_;
    std::mt19937 random_;
    std::set<std::shared_ptr<Pair>> pairs_;
    std::array<Spoil, 2> spoils_{};
    std::array<std::uint64_t, 2> bytes_{};
    bool refuse_ = false;
};

Pair::Pair(RelayServer& relay, tcp::socket client)
    : relay_(relay), client_(std::move(client)), target_(relay.loop.io()), up_(relay.loop), down_(relay.loop),
      connect_timer_(relay.loop) {
    up_.from = down_.to = &client_;
    up_.to = down_.from = &target_;
    for (const Way way : {Way::up, Way::down}) half(way).truncate = half(way).left = relay.spoil(way).truncate;
}

void Pair::start() {
    error_code ignored;
    client_.set_option(tcp::no_delay(true), ignored);
    connect_timer_.arm(k_connect_timeout, [this] { reset_both(); });
    if (!target_.open(relay_.target().protocol(), ignored)) {
        target_.set_option(tcp::socket::receive_buffer_size(k_socket_bytes), ignored);
    }
    target_.async_connect(relay_.target(), [self = shared_from_this()](const error_code& ec) {
        self->connect_timer_.cancel();
        if (self->gone_) return;
        if (ec) return self->reset_both();
        error_code quiet;
        self->target_.set_option(tcp::no_delay(true), quiet);
        self->read(Way::up);
        self->read(Way::down);
    });
}

void Pair::read(Way way) {
    Half& h = half(way);
    const Spoil& spoil = relay_.spoil(way);
    const auto most = spoil.rate_kbps > 0 ? k_thin_line_bytes : Relay::k_buffer_bytes_max;
    if (gone_ || h.reading || h.ended || spoil.stall || h.waiting_bytes >= most) return;
    h.reading = true;
    h.from->async_read_some(asio::buffer(h.incoming),
                            [self = shared_from_this(), way](const error_code& ec, std::size_t size) { self->on_read(way, ec, size); });
}

void Pair::on_read(Way way, const error_code& ec, std::size_t size) {
    Half& h = half(way);
    h.reading = false;
    if (gone_) return;
    if (ec == asio::error::eof) {
        h.ended = true;
        return pump(way);
    }
    if (ec) return reset_both();
    if (h.ended) return;  // closed that way meanwhile: nothing more goes there
    Spoil& spoil = relay_.spoil(way);
    Piece piece;
    piece.bytes.assign(h.incoming.begin(), h.incoming.begin() + static_cast<std::ptrdiff_t>(size));
    if (std::exchange(spoil.flip, false)) piece.bytes[size / 2] = static_cast<char>(piece.bytes[size / 2] ^ 0x10);
    const auto now = relay_.loop.now();
    auto due = now + spoil.delay;
    if (spoil.jitter.count() > 0) due += base::milliseconds(relay_.chance(spoil.jitter.count()));
    if (spoil.rate_kbps > 0) {
        h.line_free_at = std::max(h.line_free_at, now) + std::chrono::microseconds(static_cast<std::int64_t>(size) * 8000 / spoil.rate_kbps);
        due = std::max(due, h.line_free_at + spoil.delay);
    }
    piece.due = h.last_due = std::max(due, h.last_due);
    h.waiting_bytes += size;
    h.waiting.push_back(std::move(piece));
    pump(way);
    read(way);
}

void Pair::pump(Way way) {
    Half& h = half(way);
    if (gone_ || h.writing || relay_.spoil(way).stall) return;
    if (h.waiting.empty()) {
        if (!h.ended || std::exchange(h.shut, true)) return;
        error_code ignored;
        h.to->shutdown(tcp::socket::shutdown_send, ignored);
        if (up_.shut && down_.shut) finish();
        return;
    }
    const auto now = relay_.loop.now();
    Piece& piece = h.waiting.front();
    if (piece.due > now) {
        h.timer.arm_at(piece.due, [self = shared_from_this(), way] { self->pump(way); });
        return;
    }
    bool last = false;
    if (h.left >= 0) {
        last = static_cast<std::int64_t>(piece.bytes.size()) >= h.left;
        if (last) piece.bytes.resize(static_cast<std::size_t>(h.left));
        h.left -= static_cast<std::int64_t>(piece.bytes.size());
    }
    h.writing = true;
    h.going = std::move(piece.bytes);
    h.waiting.pop_front();
    asio::async_write(*h.to, asio::buffer(h.going),
                      [self = shared_from_this(), way, last](const error_code& ec, std::size_t size) {
                          Half& half = self->half(way);
                          half.writing = false;
                          if (self->gone_) return;
                          if (ec) return self->reset_both();
                          self->relay_.passed(way, size);
                          if (last) return self->finish();
                          half.waiting_bytes -= std::min(half.waiting_bytes, size);
                          self->pump(way);
                          self->read(way);
                      });
}

void Pair::spoiled() {
    for (const Way way : {Way::up, Way::down}) {
        Half& h = half(way);
        const Spoil& spoil = relay_.spoil(way);
        if (std::exchange(h.truncate, spoil.truncate) != spoil.truncate) h.left = spoil.truncate;
        if (spoil.delay.count() == 0 && spoil.jitter.count() == 0 && spoil.rate_kbps == 0) {
            for (auto& piece : h.waiting) piece.due = TimePoint{};
            h.last_due = h.line_free_at = TimePoint{};
        }
        if (target_.is_open() && !connect_timer_.armed()) {
            pump(way);
            read(way);
        }
    }
}

void Pair::half_close(Way way) {
    half(way).ended = true;
    half(way).waiting.clear();
    half(way).waiting_bytes = 0;
    pump(way);
}

void Pair::reset_both() {
    if (std::exchange(gone_, true)) return;
    const auto self = shared_from_this();
    reset_socket(client_);
    reset_socket(target_);
    for (base::Timer* timer : {&up_.timer, &down_.timer, &connect_timer_}) timer->cancel();
    relay_.forget(self);
}

void Pair::finish() {
    if (std::exchange(gone_, true)) return;
    const auto self = shared_from_this();
    error_code ignored;
    client_.close(ignored);
    target_.close(ignored);
    for (base::Timer* timer : {&up_.timer, &down_.timer, &connect_timer_}) timer->cancel();
    relay_.forget(self);
}

base::Result<void> RelayServer::command(std::string_view line) {
    std::istringstream words{std::string(line.substr(0, 100))};
    std::string verb, word;
    words >> verb;
    std::optional<std::int64_t> value;
    std::vector<Way> ways{Way::up, Way::down};
    while (words >> word) {
        if (word == "up") ways = {Way::up};
        else if (word == "down") ways = {Way::down};
        else if (word != "both") {
            value = base::parse_decimal(word);
            if (!value || *value < 0) return wrong("a number, up, down or both, not '" + word + "'");
        }
    }
    const bool takes_value = verb == "delay" || verb == "jitter" || verb == "rate" || verb == "truncate";
    if (takes_value != value.has_value()) return wrong(verb + (takes_value ? " takes a number" : " takes no number, or is unknown"));
    const auto pairs = pairs_;  // they may leave
    if (verb == "reset") {
        for (const auto& pair : pairs) pair->reset_both();
    } else if (verb == "close") {
        for (const auto& pair : pairs) {
            for (const Way way : ways) pair->half_close(way);
        }
    } else if (verb == "refuse") {
        refuse_ = true;
    } else if (verb == "heal") {
        refuse_ = false;
        spoils_ = {};
    } else {
        for (const Way way : ways) {
            Spoil& s = spoil(way);
            if (verb == "delay") s.delay = base::milliseconds(std::min(*value, k_ms_max));
            else if (verb == "jitter") s.jitter = base::milliseconds(std::min(*value, k_ms_max));
            else if (verb == "rate") s.rate_kbps = *value;
            else if (verb == "stall") s.stall = true;
            else if (verb == "truncate") s.truncate = *value;
            else if (verb == "flip") s.flip = true;
            else return wrong("'" + verb + "' is not one of: " + k_verbs);
        }
    }
    events_.emit("relay", {{"command", std::string(line.substr(0, 100))}, {"connections", pairs.size()}},
                 "relay: " + std::string(line.substr(0, 100)));
    for (const auto& pair : std::set<std::shared_ptr<Pair>>(pairs_)) pair->spoiled();
    return {};
}

}  // namespace

base::Result<std::unique_ptr<Relay>> Relay::open(net::AsioLoop& loop, const RelayOptions& options, EventLog& events) {
    auto relay = std::make_unique<RelayServer>(loop, options, events);
    if (auto listening = relay->listen(); !listening) return listening.error();
    return std::unique_ptr<Relay>(std::move(relay));
}

}  // namespace holdfast::sim
