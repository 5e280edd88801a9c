'use strict';
// Copies the text of the element that a button names, without its spaces. Where there is no clipboard the button
// stays hidden.
for (const button of navigator.clipboard ? document.querySelectorAll('[data-copy]') : []) {
  const { copy, copied, failed } = button.dataset;
  const status = button.parentElement.querySelector('[role=status]');
  button.hidden = false;
  button.addEventListener('click', () => {
    const text = document.getElementById(copy).textContent.replace(/\s/g, '');
    navigator.clipboard.writeText(text).then(() => { status.textContent = copied; }, () => { status.textContent = failed; });
  });
}
