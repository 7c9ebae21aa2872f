/** Starts the console. */
import { mount } from 'svelte';
import App from './App.svelte';
import './styles/base.css';
import './styles/parts.css';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no element #app');
export default mount(App, { target });
