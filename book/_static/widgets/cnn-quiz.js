/* <cnn-quiz>: one question, radio buttons, and the reason for the answer that was given. It remembers nothing.
   A click or Space answers. The arrow keys only go from option to option, and Enter or Space then answers. */
cnn.define("cnn-quiz", {}, quiz => {
  const status = quiz.querySelector("[role=status]");
  const options = [...quiz.querySelectorAll(".cnn-option")];
  let walking = false;

  function answer(option) {
    const right = option.querySelector("input").dataset.right === "true";
    clear();
    quiz.dataset.state = option.dataset.chosen = right ? "right" : "wrong";
    const verdict = cnn.el("strong", {}, right ? "Right. " : "Not this one. ");
    const reason = option.querySelector(".cnn-reason").cloneNode(true);
    (reason.querySelector("p") || reason).prepend(verdict);
    status.replaceChildren(...reason.childNodes);
  }

  function clear() {
    delete quiz.dataset.state;
    for (const option of options) delete option.dataset.chosen;
    status.textContent = "Enter answers.";
  }

  for (const option of options) {
    const radio = option.querySelector("input");
    radio.addEventListener("keydown", ({ key }) => {
      walking = key.startsWith("Arrow");
      if (radio.checked && (key === "Enter" || key === " ")) answer(option);
    });
    radio.addEventListener("keyup", () => { walking = false; });
    radio.addEventListener("change", () => (walking ? clear() : answer(option)));
  }
});
