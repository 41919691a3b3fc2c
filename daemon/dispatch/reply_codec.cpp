#include "dispatch/webhook.hpp"

#include <simdjson.h>

namespace holdfast::dispatch {

namespace {

struct Reply {
    bool acknowledged = false;
    std::string by = "cad";
};

Reply read(std::string_view body) {
    Reply reply;
    if (body.empty() || body.size() > k_reply_bytes_max) return reply;
    thread_local simdjson::dom::parser parser(k_reply_bytes_max);
    simdjson::dom::element root;
    simdjson::dom::object members;
    if (parser.parse(body.data(), body.size(), true).get(root) != simdjson::SUCCESS || root.get(members) != simdjson::SUCCESS) {
        return reply;
    }
    bool acknowledged = false;
    reply.acknowledged = members["acknowledged"].get(acknowledged) == simdjson::SUCCESS && acknowledged;
    std::string_view by;
    if (members["by"].get(by) == simdjson::SUCCESS) reply.by = clean_name(by, "cad");
    return reply;
}

}  // namespace

Acceptance read_reply(std::string_view body) {
    Reply reply = read(body);
    return {reply.acknowledged, std::move(reply.by)};
}

std::string read_name(std::string_view body) { return read(body).by; }

}  // namespace holdfast::dispatch
