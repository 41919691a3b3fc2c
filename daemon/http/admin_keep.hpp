// What is kept, what goes, and whether it is whole. Admin loop.
//
//     POST /api/v1/calls/{sid}/hold           {"by", "why"}   no purge takes it
//     POST /api/v1/calls/{sid}/release        {"by", "why"}
//     POST /api/v1/calls/{sid}/purge          {"by", "why"}   every row, its recordings, its key; not while it goes on or is held
//     GET  /api/v1/verify[?part&after&limit]  a bite of the chain; ask again with next_part and next until done
//     GET  /api/v1/losses                     what was found to be gone or changed, newest first
//     POST /api/v1/losses/seen                {"by"}          they stand in /readyz until somebody says so
#pragma once

#include "base/loop.hpp"
#include "http/admin_answer.hpp"
#include "net/http_server.hpp"
#include "store/journal.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::http {

class KeepRoutes {
  public:
    // Removes the files of the call, then its rows. `done` may be called from any thread, once.
    using Purge = std::function<void(const base::CallSid& call, std::string actor, std::string reason,
                                     std::function<void(base::Result<store::Committed>)> done)>;

    KeepRoutes(base::Loop& loop, store::Journal& journal, std::shared_ptr<Questions> questions, Purge purge)
        : loop_(loop), journal_(journal), questions_(std::move(questions)), purge_(std::move(purge)) {}

    static bool takes(std::string_view path);
    void on_request(const net::HttpRequest& request, net::HttpReply reply);

  private:
    void verify(const net::HttpRequest& request, net::HttpReply reply);
    void change(const net::HttpRequest& request, net::HttpReply reply);

    base::Loop& loop_;
    store::Journal& journal_;
    std::shared_ptr<Questions> questions_;
    const Purge purge_;
};

}  // namespace holdfast::http
