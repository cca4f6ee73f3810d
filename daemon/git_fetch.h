// What every repository that stock git reads has in common: how its refs are told, and the exchange that streams a fetch.
// registry/GIT.md "A fetch". Its functions run on the git workers.
#pragma once

#include <functional>
#include <memory>

#include "daemon/git_load.h"
#include "daemon/http_exchange.h"
#include "daemon/messages.h"
#include "protocol/error.h"
#include "registry/git/fetch.h"

namespace maillage::daemon {

// "{repository}" as it stands in an address, without `.git`.
std::string repository_of(const HttpRequest& request);

// A refusal as git shows it to a person: each line after "remote: ".
HttpResponse git_refusal(const HttpRequest& request, const protocol::Error& error);
HttpResponse git_refusal(const HttpRequest& request, int status, Message message);

// What keeps every cache away, as git's own server says it.
void forbid_caching(HttpResponse& response);

// The answer to `info/refs`, of `git-upload-pack` or `git-receive-pack`.
HttpResponse tell_refs(const HttpRequest& request, std::string_view service, const protocol::Result<protocol::Bytes>& refs);

// The answer to `POST …/git-upload-pack`. `open` is called once, with the whole body.
using OpenFetch = std::function<protocol::Result<std::unique_ptr<registry::Fetch>>(protocol::ByteView request)>;
std::unique_ptr<HttpExchange> fetch_exchange(const HttpRequest& request, std::shared_ptr<GitLoad> load, OpenFetch open);

}  // namespace maillage::daemon
