// One request to the file endpoint, and what its answer means. Pure but for make_settings.
#pragma once

#include "base/loop.hpp"
#include "base/sensitive.hpp"
#include "config/config.hpp"
#include "net/http_client.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::transcribe {

struct Service {
    net::Url url;
    std::shared_ptr<net::TlsClient> tls;
    base::Secret api_key;
    std::string model;
};

// Beside the realtime endpoint of openai.url. Reads the trust store. Code "url": that has no place for it.
base::Result<std::shared_ptr<const Service>> make_service(const config::Config& config);

// One piece of caller audio (mu-law) as a 16-bit WAV: the service does not say that it reads mu-law.
net::HttpCall transcription_request(const Service& service, std::string_view mulaw);

struct Judgement {
    enum class Kind {
        words,      // text, maybe empty
        refused,    // this audio will never do
        again,      // the service failed at it: counts as an attempt
        hold,       // nothing of this piece: the service is not to be had for a while
    } kind = Kind::again;
    const char* result = "other";  // a word of holdfast_transcribe_requests_total
    base::Sensitive<std::string> text;
    std::optional<base::milliseconds> wait;  // not before
};
Judgement judge(const base::Result<net::HttpAnswer>& answer);

}  // namespace holdfast::transcribe
