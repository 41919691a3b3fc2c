// Answers of the admin listener, and the questions behind them that others have to answer. Admin loop.
#pragma once

#include "base/error.hpp"
#include "base/loop.hpp"
#include "base/timer.hpp"
#include "config/limits.hpp"
#include "log/repeat.hpp"
#include "net/http_server.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::http {

// All carry what keeps them from being cached, framed, sniffed or loaded by another page.
net::HttpResponse answer(int status, std::string_view type, std::string body);
net::HttpResponse json_answer(int status, std::string body);
net::HttpResponse text_answer(int status, std::string body);
net::HttpResponse error_answer(int status, std::string_view code, std::string_view message);
net::HttpResponse bad_query(std::string_view message);

// A path that changes something takes POST, all others GET and HEAD. Empty: the request does so.
std::optional<net::HttpResponse> refuse_method(const net::HttpRequest& request, bool takes_post);
// What stands behind a list's path: PREFIX/{id} or PREFIX/{id}/{verb}.
struct ListItem {
    std::string_view id;
    std::string_view verb;  // empty: the item itself
};
ListItem item_of(std::string_view path, std::string_view prefix);
// A POST that changes something: a page of another origin can send neither this content type nor its own Origin past
// us. Empty: it may.
std::optional<net::HttpResponse> refuse_post(const net::HttpRequest& request);
// Who asks for a change and why, out of a body {"by", "why"}; what is no text counts as absent, and without a name it is
// "admin". Empty: the body is no JSON object, and bad_body() is the answer.
struct ByWhy {
    std::string by, why;
};
std::optional<ByWhy> who_and_why(const net::HttpRequest& request);
net::HttpResponse bad_body();
// A browser names the page that opens a socket or posts; tools name none.
bool origin_allowed(const net::HttpRequest& request);

// Open questions to the journal and to the media loop. Each is answered once: by them or by its timer.
class Questions : public std::enable_shared_from_this<Questions> {
  public:
    explicit Questions(base::Loop& loop) : loop_(loop) {}

    // What to hand to whoever answers, on any thread: brings the answer back to this loop, if somebody still waits.
    // `refusal` makes an answer of an error; without one it is the journal's.
    template <class Rows, class Render>
    std::function<void(base::Result<Rows>)> ask(net::HttpReply reply, Render render,
                                                std::function<net::HttpResponse(const base::Error&)> refusal = {}) {
        const auto id = open(std::move(reply));
        const std::weak_ptr<Questions> weak = weak_from_this();
        return [weak, &to = loop_, id, render, refusal](base::Result<Rows> rows) {
            to.post([weak, id, render, refusal, rows = std::move(rows)] {
                const auto self = weak.lock();
                if (!self || self->open_.find(id) == self->open_.end()) return;
                self->finish(id, rows ? render(*rows) : refusal ? refusal(rows.error()) : self->journal_refusal(rows.error()));
            });
        };
    }

  private:
    struct Open {
        Open(base::Loop& loop, net::HttpReply reply_in) : reply(std::move(reply_in)), timer(loop) {}
        net::HttpReply reply;
        base::Timer timer;
    };

    std::uint64_t open(net::HttpReply reply);
    net::HttpResponse journal_refusal(const base::Error& why);
    void finish(std::uint64_t id, net::HttpResponse response);

    base::Loop& loop_;
    std::map<std::uint64_t, Open> open_;
    std::uint64_t next_id_ = 0;
    log::RepeatGuard late_;
    log::RepeatGuard unread_;
};

}  // namespace holdfast::http
