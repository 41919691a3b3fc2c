#include "net/http_server.hpp"

#include "base/random.hpp"
#include "base/timer.hpp"
#include "log/log.hpp"
#include "log/repeat.hpp"
#include "metrics/catalog.hpp"
#include "net/admission.hpp"
#include "net/asio_loop.hpp"
#include "net/http_session.hpp"
#include "net/tls_impl.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/socket_base.hpp>

#include <sys/socket.h>

#include <deque>
#include <unordered_map>
#include <utility>

namespace holdfast::net {

namespace {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

constexpr log::Logger k_log{"net"};

// A flood of connections that are refused anyway must not keep the loop from its calls: after so many
// in a row accepting rests, and the kernel's backlog takes the next ones (X02).
constexpr int k_refusals_in_a_row = 64;
constexpr auto k_flood_rest = 10ms;

bool out_of_resources(const error_code& ec) {
    return ec == boost::asio::error::no_descriptors || ec.value() == ENFILE ||
           ec == boost::asio::error::no_memory || ec == boost::asio::error::no_buffer_space;
}

// The part that asynchronous operations keep alive. The handler is not touched after stop().
class Listener final : public HttpSessionOwner, public std::enable_shared_from_this<Listener> {
  public:
    Listener(AsioLoop& loop, ListenOptions options, HttpHandler& handler)
        : loop_(loop), options_(std::move(options)), handler_(handler), acceptor_(loop.io()),
          pause_(loop), handshake_timer_(loop) {
        const bool counted = options_.counted;
        admission_ = std::make_shared<Admission>(
            loop_, options_.limits, !options_.behind_proxy, [] { return base::random_u32(); },
            [counted](int by) {
                if (counted) metrics::connections_open.add(by);
            });
    }

    error_code listen() {
        error_code ec;
        if (options_.adopted_fd >= 0) return adopt(options_.adopted_fd);
        const auto address = boost::asio::ip::make_address(options_.address, ec);
        if (ec) return ec;
        const tcp::endpoint endpoint(address, options_.port);
        if (acceptor_.open(endpoint.protocol(), ec)) return ec;
        if (acceptor_.set_option(tcp::acceptor::reuse_address(true), ec)) return ec;
        if (address.is_v6() && address.is_unspecified()) {
            if (acceptor_.set_option(boost::asio::ip::v6_only(false), ec)) return ec;
        }
        if (acceptor_.bind(endpoint, ec)) return ec;
        acceptor_.listen(tcp::acceptor::max_listen_connections, ec);
        return ec;
    }

    void accept() {
        acceptor_.async_accept([self = shared_from_this()](const error_code& ec, Socket socket) {
            self->accepted(ec, std::move(socket));
        });
    }

    void stop_accepting() {
        error_code ignored;
        acceptor_.close(ignored);
        pause_.cancel();
    }

    void stop() {
        stop_accepting();
        handshake_timer_.cancel();
        waiting_.clear();
        for (auto& [address, session] : std::exchange(sessions_, {})) session->stop();
    }

    std::uint16_t port() const {
        error_code ec;
        const auto endpoint = acceptor_.local_endpoint(ec);
        return ec ? std::uint16_t{0} : endpoint.port();
    }
    std::size_t connections() const { return admission_->connections(); }

    // HttpSessionOwner
    AsioLoop& loop() override { return loop_; }
    const HttpLimits& limits() const override { return options_.limits; }
    HttpHandler& handler() override { return handler_; }
    Admission& admission() override { return *admission_; }
    void count_rejected(const char* reason) override {
        if (options_.counted) metrics::http_reject_total.add(reason);
    }
    void count_timeout(const char* stage) override {
        if (options_.counted) metrics::http_timeout_total.add(stage);
    }
    void handshake_over() override {
        admission_->give_handshake();
        start_handshakes();
    }
    void session_over(HttpSession& session) override { sessions_.erase(&session); }

  private:
    error_code adopt(int fd) {
        error_code ec;
        sockaddr_storage name{};
        socklen_t size = sizeof name;
        int listening = 0;
        socklen_t flag_size = sizeof listening;
        if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0 ||
            getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &flag_size) != 0) {
            return {errno, boost::system::system_category()};
        }
        if (listening == 0) return boost::asio::error::invalid_argument;
        acceptor_.assign(name.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, ec);
        return ec;
    }

    void accepted(const error_code& ec, Socket socket) {
        if (!acceptor_.is_open()) return;
        if (ec) {
            if (ec == boost::asio::error::connection_aborted) return accept();
            return pause_accepting(ec);
        }
        if (!admit(std::move(socket)) && ++refusals_ >= k_refusals_in_a_row) {
            refusals_ = 0;
            return rest(k_flood_rest);
        }
        accept();
    }

    // Retrying at once would spin: the connection stays in the backlog and accept() stays ready.
    void pause_accepting(const error_code& ec) {
        count_not_accepted(out_of_resources(ec) ? "descriptors" : "other");
        if (accept_failed_.should_log(loop_.now())) {
            k_log.warning("cannot accept connections", {{"reason", ec.message()},
                                                        {"suppressed", accept_failed_.suppressed()}});
        }
        rest(options_.limits.accept_pause);
    }

    void rest(base::Mono::duration time) {
        pause_.arm(time, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->accept();
        });
    }

    void count_not_accepted(const char* cause) {
        if (options_.counted) metrics::accept_fail_total.add(cause);
    }

    bool admit(Socket socket) {
        error_code ec;
        const auto peer = socket.remote_endpoint(ec);
        const char* cause = "other";
        auto ticket = ec ? nullptr : admission_->admit(address_text(peer.address()), cause);
        SslPtr ssl = options_.tls ? options_.tls->impl().make_ssl() : nullptr;
        if (!ticket || (options_.tls && !ssl)) {
            count_not_accepted(cause);
            socket.set_option(boost::asio::socket_base::linger(true, 0), ec);
            return false;
        }
        refusals_ = 0;
        auto stream = ssl ? make_tls_server_stream(std::move(socket), ssl.release())
                          : make_plain_stream(std::move(socket));
        const auto session = std::make_shared<HttpSession>(*this, std::move(stream), std::move(ticket));
        sessions_.emplace(session.get(), session);
        session->wait();
        if (!options_.tls) {
            session->start();
        } else {
            waiting_.push_back(session);
            start_handshakes();
        }
        return true;
    }

    // Handshakes cost milliseconds of CPU: in a storm they take turns (T23, X03). Those whose turn
    // does not come within their deadline are cut by their own timer.
    void start_handshakes() {
        while (!waiting_.empty()) {
            const auto session = waiting_.front().lock();
            if (session && !session->over()) {
                if (!admission_->take_handshake()) break;
                session->start();
            }
            waiting_.pop_front();
        }
        if (waiting_.empty()) return;
        const auto wait = std::max(admission_->next_handshake_in(), base::milliseconds(1));
        handshake_timer_.arm(wait, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->start_handshakes();
        });
    }

    AsioLoop& loop_;
    ListenOptions options_;
    HttpHandler& handler_;
    tcp::acceptor acceptor_;
    base::Timer pause_;
    base::Timer handshake_timer_;
    std::shared_ptr<Admission> admission_;
    std::unordered_map<HttpSession*, std::shared_ptr<HttpSession>> sessions_;
    std::deque<std::weak_ptr<HttpSession>> waiting_;  // for the turn of their handshake
    int refusals_ = 0;
    log::RepeatGuard accept_failed_;
};

class Handle final : public HttpListener {
  public:
    explicit Handle(std::shared_ptr<Listener> listener) : listener_(std::move(listener)), port_(listener_->port()) {}
    ~Handle() override { listener_->stop(); }
    std::uint16_t port() const override { return port_; }
    void stop_accepting() override { listener_->stop_accepting(); }
    std::size_t connections() const override { return listener_->connections(); }

  private:
    std::shared_ptr<Listener> listener_;
    std::uint16_t port_;
};

}  // namespace

base::Result<std::unique_ptr<HttpListener>> HttpListener::open(AsioLoop& loop, ListenOptions options,
                                                               HttpHandler& handler) {
    const std::string where = options.adopted_fd >= 0
                                  ? "inherited socket " + std::to_string(options.adopted_fd)
                                  : options.address + " port " + std::to_string(options.port);
    auto listener = std::make_shared<Listener>(loop, std::move(options), handler);
    if (const error_code ec = listener->listen(); ec) {
        return base::make_error(base::Condition::fatal, "listen", where + ": " + ec.message());
    }
    listener->accept();
    return std::unique_ptr<HttpListener>(std::make_unique<Handle>(std::move(listener)));
}

}  // namespace holdfast::net
