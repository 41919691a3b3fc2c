// One connection of the listener: TLS, then requests one after the other, each with its deadline,
// until one is upgraded or the connection ends. Internal to net/.
#pragma once

#include "base/timer.hpp"
#include "net/admission.hpp"
#include "net/http_parse.hpp"
#include "net/stream.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::net {

class HttpSession;

// What a session needs of its listener. Both live in one loop; the listener forgets sessions before
// it goes and then calls stop() on each.
class HttpSessionOwner {
  public:
    virtual ~HttpSessionOwner() = default;
    virtual AsioLoop& loop() = 0;
    virtual const HttpLimits& limits() const = 0;
    virtual HttpHandler& handler() = 0;
    virtual Admission& admission() = 0;
    virtual void count_rejected(const char* reason) = 0;
    virtual void count_timeout(const char* stage) = 0;
    virtual void handshake_over() = 0;
    virtual void session_over(HttpSession& session) = 0;
};

class HttpSession final : public StreamUser, public std::enable_shared_from_this<HttpSession> {
  public:
    HttpSession(HttpSessionOwner& owner, std::unique_ptr<Stream> stream,
                std::shared_ptr<Admission::Ticket> ticket);

    // The clock runs from wait(); a TLS connection may have to wait for its handshake's turn.
    void wait();
    void start();
    void stop();  // closes; the owner is not called any more
    bool over() const { return stage_ == Stage::gone; }

  private:
    enum class Stage { waiting, handshake, idle, head, body, handling, writing, draining, gone };

    void on_handshake(const error_code& ec) override;
    void on_read(const error_code& ec, std::size_t bytes) override;
    void on_written(const error_code& ec) override;

    void read();
    void take(std::string_view bytes);
    void handle();
    void handle_upgrade();
    const char* upgrade_fault(std::string& key) const;
    void reply(std::uint64_t request, HttpResponse response);
    void respond(const HttpResponse& response);
    void next_request();
    void arm(base::Mono::duration after);
    void out_of_time();
    void leave_handshake();
    void end(bool reset);

    HttpSessionOwner* owner_;  // null after stop()
    std::unique_ptr<Stream> stream_;
    std::shared_ptr<Admission::Ticket> ticket_;
    RequestReader reader_;
    base::Timer timer_;
    Stage stage_ = Stage::waiting;
    base::TimePoint accepted_;
    std::uint64_t request_ = 0;  // a reply to an earlier one is stale
    bool in_handshake_ = false;
    bool reading_ = false;
    bool keep_alive_ = false;
    bool head_request_ = false;
    std::size_t drained_bytes_ = 0;
    std::array<char, 4096> in_;
    std::string out_;  // belongs to the write under way
};

}  // namespace holdfast::net
