# SPDX-License-Identifier: MIT
# cnnimg.bash - completion for bash: the tool itself says what options it has (--list-options)

_cnnimg_models() { "$1" --list-models --quiet 2>/dev/null | while read -r name _; do echo "$name"; done; }

# What may follow an option, by what its value is called and which words it takes.
_cnnimg_value() {
  local tool=$1 cur=$2 arg=$3 range=$4
  compopt +o default 2>/dev/null
  case $range in *'|'*) mapfile -t COMPREPLY < <(compgen -W "${range//|/ }" -- "$cur"); return ;; esac
  case $arg in
    *NAME*) mapfile -t COMPREPLY < <(compgen -W "$(_cnnimg_models "$tool")" -- "$cur") ;;
    DIR) compopt -o dirnames 2>/dev/null; return ;;
  esac
  case $arg in *PATH* | *FILE* | *IMG* | *KERNEL* | *MAP* | OUT*) compopt -o default 2>/dev/null ;; esac
}

_cnnimg() {
  local tool=$1 cur=$2 prev=$3 letter name kind arg range help
  local -a options=()
  COMPREPLY=()
  # Bash takes --name=value for three words.
  [[ $cur == '=' ]] && cur=
  [[ $prev == '=' ]] && prev=${COMP_WORDS[COMP_CWORD - 2]}
  while read -r letter name kind arg range help; do
    [[ $kind == later ]] && continue
    if [[ $arg != - && ($prev == "-$letter" || $prev == "--$name") && $prev != '--' && $prev != '-' ]]; then
      _cnnimg_value "$tool" "$cur" "$arg" "$range"
      return
    fi
    [[ $letter != - ]] && options+=("-$letter")
    [[ $name != - ]] && options+=("--$name")
  done < <("$tool" --list-options 2>/dev/null)
  [[ $cur == -* ]] && mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$cur")
}

complete -o default -F _cnnimg cnn-denoise cnn-upscale cnn-colorize cnn-inpaint
