// /api/v1/dead-letters: documents that another system would not take, and what a person does about them. Admin loop.
//
//     GET  /api/v1/dead-letters[?limit=N]        those that nobody has retried or discarded, newest first
//     POST /api/v1/dead-letters/{id}/retry       {"by": "..."}
//     POST /api/v1/dead-letters/{id}/discard     {"by": "...", "why": "..."}
#pragma once

#include "base/loop.hpp"
#include "http/admin_answer.hpp"
#include "net/http_server.hpp"
#include "store/journal.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::http {

class LetterRoutes {
  public:
    // `retried`: one of that target is owed again, and on the disk. Admin loop.
    LetterRoutes(base::Loop& loop, store::Journal& journal, std::shared_ptr<Questions> questions,
                 std::function<void(const std::string& target)> retried)
        : loop_(loop), journal_(journal), questions_(std::move(questions)), retried_(std::move(retried)) {}

    static bool takes(std::string_view path);
    void on_request(const net::HttpRequest& request, net::HttpReply reply);

  private:
    void list(const net::HttpRequest& request, net::HttpReply reply);
    void settle(std::int64_t id, std::string_view verb, const net::HttpRequest& request, net::HttpReply reply);

    base::Loop& loop_;
    store::Journal& journal_;
    std::shared_ptr<Questions> questions_;
    std::function<void(const std::string&)> retried_;
};

}  // namespace holdfast::http
