# Splits C++ into full expressions and reports those that hold co_await together with a lambda, an aggregate in braces, or ?: .
# A stack holds what is open: "(" and "[" keep the expression going, a block or a lambda's body starts new ones, an aggregate keeps it.

function begin() { text = ""; line_of = 0; lambda = brace = ternary = await = 0 }

function report(    what) {
  what = lambda ? "a lambda" : brace ? "braces" : ternary ? "?:" : ""
  if (await && what != "") {
    print file ":" await ": co_await beside " what ": g++ 12 miscompiles it; give it a statement of its own"
    failed = 1
  }
  begin()
}

# A body `{`: after the parameters or the result type of a function or a lambda, or after a keyword that takes a block.
function opens_body() {
  return text ~ /(\)|\]|mutable|noexcept|const|override|else|do|try)[ ]*$/ || text ~ /->[A-Za-z0-9_:<>, *&]+$/ || text ~ /^[ ]*$/ ||
         text ~ /^[ ]*(namespace|struct|class|enum|union|extern|template)/
}

# A `[`: a lambda unless it indexes something, binds names after auto, or is an attribute.
function opens_lambda(next_character) {
  return next_character != "[" && text !~ /\[$/ && text !~ /[A-Za-z0-9_)\]][ ]*$/ || text ~ /(return|co_return|co_await|co_yield)[ ]*$/
}

function push(kind) {
  depth++
  kinds[depth] = kind
  if (kind == "body") {
    saved[depth] = text; saved_lambda[depth] = lambda; saved_brace[depth] = brace
    saved_ternary[depth] = ternary; saved_await[depth] = await
    begin()
  }
}

function pop(    kind) {
  if (depth == 0) return
  kind = kinds[depth]
  if (kind == "body") {
    report()
    text = saved[depth] "{}"; lambda = saved_lambda[depth]; brace = saved_brace[depth]
    ternary = saved_ternary[depth]; await = saved_await[depth]
  }
  depth--
  if (kind == "body" && (depth == 0 || kinds[depth] == "body") && !lambda) report()
}

function character(c, next_character) {
  if (c == "[") { if (opens_lambda(next_character)) lambda = FNR; push("["); text = text c; return }
  if (c == "(") { push("("); text = text c; return }
  if (c == ")" || c == "]") { pop(); text = text c; return }
  if (c == "{") {
    if (opens_body()) push("body")
    else { brace = FNR; push("aggregate"); text = text c }
    return
  }
  if (c == "}") { pop(); if (kinds[depth + 1] != "body") text = text c; return }
  if (c == ";" && (depth == 0 || kinds[depth] == "body" || kinds[depth] == "(")) { report(); return }
  if (c == "?") ternary = FNR
  text = text c
  if (c == "t" && text ~ /(^|[^A-Za-z0-9_])co_await$/) await = FNR
}

FNR == 1 { file = FILENAME; depth = 0; comment = 0; begin() }

{
  line = $0
  if (line ~ /^[ ]*#/) next
  gsub(/\\./, "", line)
  gsub(/"[^"]*"/, "\"\"", line)
  gsub(/'[^']*'/, "''", line)
  if (comment) { if (!match(line, /\*\//)) next; line = substr(line, RSTART + 2); comment = 0 }
  while (match(line, /\/\*/)) {
    head = substr(line, 1, RSTART - 1); tail = substr(line, RSTART + 2)
    if (match(tail, /\*\//)) line = head " " substr(tail, RSTART + 2)
    else { line = head; comment = 1 }
  }
  sub(/\/\/.*/, "", line)
  count = length(line)
  for (i = 1; i <= count; i++) character(substr(line, i, 1), substr(line, i + 1, 1))
  text = text " "
}

END { exit failed }
