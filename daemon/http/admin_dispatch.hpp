// /api/v1/dispatches: what waits for somebody, the document of one, and the three things that may be done to it. Admin
// loop; decisions go to the dispatch desk on the media loop and come back by a post.
//
//     GET  /api/v1/dispatches[?open=true|false][&limit=N]
//     GET  /api/v1/dispatches/{id}[?format=holdfast|eido]
//     POST /api/v1/dispatches/{id}/approve       {"by": "..."}
//     POST /api/v1/dispatches/{id}/reject        {"by": "...", "why": "..."}
//     POST /api/v1/dispatches/{id}/acknowledge   signed with the webhook's secret; {"by": "..."}
#pragma once

#include "base/loop.hpp"
#include "dispatch/desk.hpp"
#include "http/admin_answer.hpp"
#include "net/http_server.hpp"
#include "store/journal.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::http {

// What the desk is asked, on its own loop. `answer` may be called from there, once.
struct DispatchActions {
    using Answer = std::function<void(base::Result<dispatch::Life>)>;
    std::function<void(const dispatch::Id&, std::string by, Answer)> approve;
    std::function<void(const dispatch::Id&, std::string by, std::string why, Answer)> reject;
    std::function<void(const dispatch::Id&, dispatch::Claim, Answer)> acknowledge;
    std::string site_id;
};

class DispatchRoutes {
  public:
    DispatchRoutes(base::Loop& loop, store::Journal& journal, std::shared_ptr<Questions> questions, DispatchActions actions)
        : loop_(loop), journal_(journal), questions_(std::move(questions)), actions_(std::move(actions)) {}

    static bool takes(std::string_view path);
    void on_request(const net::HttpRequest& request, net::HttpReply reply);

  private:
    void list(const net::HttpRequest& request, net::HttpReply reply);
    void show(const dispatch::Id& id, const net::HttpRequest& request, net::HttpReply reply);
    void decide(const dispatch::Id& id, std::string_view verb, const net::HttpRequest& request, net::HttpReply reply);

    base::Loop& loop_;
    store::Journal& journal_;
    std::shared_ptr<Questions> questions_;
    DispatchActions actions_;
};

}  // namespace holdfast::http
