// `elevenlabs agent create` and `show`: the agent behind the rung `eleven_agent`. Talks to ElevenLabs,
// not to a daemon; the key comes from where the daemon would take it.
#include "config/credentials.hpp"
#include "config/problem.hpp"
#include "holdfastctl/client.hpp"
#include "holdfastctl/commands.hpp"
#include "holdfastctl/eleven_agent.hpp"
#include "holdfastctl/json.hpp"
#include "net/http_client.hpp"
#include "net/tls.hpp"

#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <utility>

namespace holdfast::ctl {
namespace {

constexpr std::size_t k_prompt_bytes_max = 64 * 1024;
constexpr std::size_t k_body_bytes_max = 4 * 1024 * 1024;

// Empty, and the reason said, when there is none.
base::Secret key_of(const Session& session) {
    const config::CredentialSource source{"elevenlabs_api_key", "--key-file", session.options.eleven.key_file,
                                          "ELEVENLABS_API_KEY"};
    std::vector<config::Problem> problems;
    auto key = config::find_credential(source, config::Environment::process(), problems);
    for (const auto& problem : problems) session.err << "holdfastctl: " << to_string(problem) << "\n";
    if (problems.empty() && key.reveal().empty()) {
        session.err << "holdfastctl: no API key: set ELEVENLABS_API_KEY, or name a file with --key-file\n";
    }
    return key;
}

// The document that ElevenLabs answers with, or the exit code of what went wrong (already said).
struct Answer {
    int exit = k_exit_ok;
    std::string text;
    Json json;
};

std::string detail_of(const net::HttpAnswer& answer) {
    const Json document = Json::parse(answer.body, nullptr, false);
    const Json& detail = member(document, "detail");
    auto text = detail.is_object() ? word(detail, "status") + " " + word(detail, "message") : std::string();
    if (detail.is_array() && !detail.empty()) text = word(detail[0], "msg");
    return "status " + std::to_string(answer.status) + (text.empty() ? "" : ": " + text);
}

Answer ask(const Session& session, const std::string& method, const std::string& target, std::string body) {
    const auto base = net::parse_url(session.options.eleven.url);
    const bool http = base && (base->scheme == "https" || (base->scheme == "http" && net::is_loopback(base->host)));
    if (!http || base->target != "/") {
        return {complain(session, k_exit_usage, "--url takes https://host (http:// only on this machine)"), {}, {}};
    }
    const auto key = key_of(session);
    if (key.reveal().empty()) return {k_exit_usage, {}, {}};
    net::HttpCall call;
    call.method = method;
    call.url = *base;
    call.url.target = target;
    call.headers = {{"xi-api-key", key.reveal()}, {"Content-Type", "application/json"}};
    call.body = std::move(body);
    call.timeout = std::chrono::seconds(30);
    call.body_bytes_max = k_body_bytes_max;
    if (base->secure()) {
        auto tls = net::TlsClient::make(session.options.ca_file);
        if (!tls) return {complain(session, k_exit_usage, tls.error().detail), {}, {}};
        call.tls = *tls;
    }
    const auto result = call_and_wait(std::move(call));
    if (!result) {
        return {complain(session, k_exit_unreachable, "cannot reach ElevenLabs: " + printable(result.error().detail)), {}, {}};
    }
    if (result->status < 200 || result->status > 299) {
        return {complain(session, k_exit_not_good, "ElevenLabs refuses: " + detail_of(*result)), {}, {}};
    }
    Json json = Json::parse(result->body, nullptr, false);
    if (!json.is_object()) return {complain(session, k_exit_unreachable, "that is not ElevenLabs' API"), {}, {}};
    return {k_exit_ok, result->body, std::move(json)};
}

std::optional<std::string> read_prompt(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file || text.empty() || text.size() > k_prompt_bytes_max) return std::nullopt;
    return text;
}

}  // namespace

int agent_create_command(const Session& session) {
    const auto& eleven = session.options.eleven;
    if (is_openai_model(eleven.agent.llm)) {
        return complain(session, k_exit_usage,
                        "--llm " + eleven.agent.llm + " would fail together with OpenAI: take another maker's model");
    }
    auto wishes = eleven.agent;
    const auto prompt = read_prompt(eleven.instructions);
    if (!prompt) {
        return complain(session, k_exit_not_good, "cannot read " + eleven.instructions + ", or it is empty or over 64 KiB");
    }
    wishes.prompt = *prompt;
    const std::string document = agent_document(wishes).dump(eleven.dry_run ? 2 : -1);
    if (eleven.dry_run) {
        session.out << document << "\n";
        return k_exit_ok;
    }
    const auto answer = ask(session, "POST", "/v1/convai/agents/create", document);
    if (answer.exit != k_exit_ok) return answer.exit;
    const auto id = word(answer.json, "agent_id");
    if (id.empty()) return complain(session, k_exit_unreachable, "the answer names no agent_id");
    session.out << (session.options.json ? answer.text : id) << "\n";
    if (!session.options.json) session.err << "Put it into holdfast.yaml as elevenlabs.agent.id\n";
    return k_exit_ok;
}

int agent_show_command(const Session& session) {
    const auto answer = ask(session, "GET", "/v1/convai/agents/" + session.options.eleven.id, {});
    if (answer.exit != k_exit_ok) return answer.exit;
    const auto problems = agent_problems(answer.json);
    if (session.options.json) session.out << answer.text << "\n";
    else session.out << session.options.eleven.id << "  " << word(answer.json, "name") << "\n";
    for (const auto& problem : problems) session.err << "holdfastctl: " << problem << "\n";
    if (problems.empty() && !session.options.json) session.out << "every setting is as Holdfast needs it\n";
    return problems.empty() ? k_exit_ok : k_exit_not_good;
}

}  // namespace holdfast::ctl
