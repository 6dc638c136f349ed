# SPDX-License-Identifier: MIT
# abi.awk - what cnnimg.h promises to programs that are compiled already, as a list of macros for abi.c

# Comments go, but for what they say of growth; statements may span lines.
{
  line = $0
  if (line ~ /^#/) {
    if (line ~ /^#define CNNIMG_[A-Z_]+ +[0-9]+u/) { split(line, word, " "); print "CONSTANT(" word[2] ")" }
    next
  }
  out = ""
  while (line != "") {
    if (inside) {
      end = index(line, "*/")
      said = said " " (end ? substr(line, 1, end - 1) : line)
      line = end ? substr(line, end + 2) : ""
      inside = !end
    } else {
      start = index(line, "/*")
      out = out (start ? substr(line, 1, start - 1) : line)
      line = start ? substr(line, start + 2) : ""
      if (start) { inside = 1; if (!body) said = "" }
    }
  }
  text = text " " out
  take()
}

function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }

# The names that a declaration declares.
function fields(struct, declaration,   n, part, i, name) {
  if (match(declaration, /\(\*[a-z_]+\)/)) {
    print "FIELD(" struct ", " substr(declaration, RSTART + 2, RLENGTH - 3) ")"
    return
  }
  n = split(declaration, part, ",")
  for (i = 1; i <= n; i++) {
    name = trim(part[i])
    sub(/\[.*/, "", name)
    sub(/.*[ *]/, "", name)
    print "FIELD(" struct ", " name ")"
  }
}

function struct(name, content,   n, part, i) {
  growth = content ~ /struct_size/ || said_before ~ /[Gg]rows at its end only/ ? "grows" : "fixed"
  print "STRUCT(" name ", " growth ")"
  n = split(content, part, ";")
  for (i = 1; i <= n; i++) if (trim(part[i]) != "") fields(name, trim(part[i]))
}

function values(content,   n, part, i) {
  n = split(content, part, ",")
  for (i = 1; i <= n; i++) { sub(/=.*/, "", part[i]); if (trim(part[i]) != "") print "VALUE(" trim(part[i]) ")" }
}

function one_line(s) { gsub(/[ \t]+/, " ", s); return trim(s) }

function declared(s) {
  if (s ~ /^[ \t]*CNNIMG_API/ && match(s, /cnnimg_[a-z_0-9]+\(/)) {
    print "FUNCTION(" substr(s, RSTART, RLENGTH - 1) ", \"" one_line(substr(s, index(s, "CNNIMG_API") + 10)) "\")"
  } else if (s ~ /typedef .*\(\*cnnimg_/) print "CALLBACK(\"" one_line(substr(s, index(s, "typedef") + 8)) "\")"
}

function take(   open, close_, head, content, name, semi) {
  for (;;) {
    open = index(text, "{")
    semi = index(text, ";")
    if (text ~ /extern "C" *\{/) { sub(/.*extern "C" *\{/, "", text); continue }
    if (open && (!semi || open < semi)) {
      if (!body) { body = 1; said_before = said }
      close_ = index(text, "}")
      if (!close_ || !index(substr(text, close_), ";")) return
      head = substr(text, 1, open - 1)
      content = substr(text, open + 1, close_ - open - 1)
      text = substr(text, close_ + 1)
      name = trim(substr(text, 1, index(text, ";") - 1))
      text = substr(text, index(text, ";") + 1)
      body = 0
      if (head ~ /struct/) struct(name, content)
      else values(content)
    } else if (semi) {
      head = substr(text, 1, semi - 1)
      text = substr(text, semi + 1)
      declared(head)
    } else {
      return
    }
  }
}
